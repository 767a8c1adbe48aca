import BuildEngine
import BuildRecords
import ContentStore
import HostSystem
import ImageModel
import ImageTools
import TestSupport

/// A store, a directory of images, and what converts.
final class SIFBench {
  let disk: InMemoryFileSystem
  let store: ImageLayout
  let runner: SIFRunner
  private var outputs: [String: ArtifactOutput] = [:]

  init(
    _ disk: InMemoryFileSystem, store: FilePath, builder: SIFBuilder = .coppice,
    processes: any ProcessRunner = ScriptedProcessRunner { _ in .fails() }, environment: [String: String] = [:]
  ) {
    self.disk = disk
    self.store = ImageLayout(root: store, files: disk)
    runner = SIFRunner(
      store: self.store, files: disk, images: "/images", builder: builder, processes: processes,
      environment: environment, sourceDateEpoch: nil
    ) { 1_000_000_000 }
  }

  /// Stores an image; a layer has one large file, which its name makes.
  func image(_ layers: [String], created: String = "2024-01-02T03:04:05Z") throws -> StoredImage {
    let tars = layers.map { layer in
      var random = SeededGenerator(seed: layer.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
      let text = String(decoding: (0..<70_000).map { _ in UInt8.random(in: 33...126, using: &random) }, as: UTF8.self)
      return SmallLayout.tar([(layer.replacing(" ", with: "-"), text)])
    }
    let diffIDs = tars.map { #""\#(Digest.sha256($0))""# }.joined(separator: ",")
    let config =
      #"{"os":"linux","architecture":"amd64","created":"\#(created)","config":{"Cmd":["sh"]},"#
      + #""rootfs":{"type":"layers","diff_ids":[\#(diffIDs)]}}"#
    let names = tars.indices.map { "\($0).tar" }
    let list = names.map { "\"\($0)\"" }.joined(separator: ",")
    let archive = SmallLayout.tar(
      zip(names, tars).map { ($0, String(decoding: $1, as: UTF8.self)) } + [
        ("config.json", config), ("manifest.json", #"[{"Config":"config.json","RepoTags":null,"Layers":[\#(list)]}]"#),
      ])
    return try store.importArchive(BytesReader(archive))
  }

  func recipe(_ name: String, _ singularity: Singularity = Singularity()) throws -> ConversionRecipe {
    let image = ImageRecipe(
      id: ArtifactID(kind: .docker, name: name, tag: "1"),
      definition: DefinitionSource(path: "x/1", directory: "/d", origin: .repository),
      location: SourceLocation(file: "/d/casa_distro_docker.yaml", line: 2),
      reference: try ImageReference("cati/\(name):1"),
      dockerfile: DockerfileFacts(
        file: "/d/Dockerfile", text: [], instructions: [], uses: [], reach: .whole(reason: "all")),
      platform: .host)
    return ConversionRecipe(of: image, singularity)
  }

  /// Converts and adopts, as the engine of builds does.
  @discardableResult func convert(
    _ name: String, _ image: StoredImage, _ singularity: Singularity = Singularity()
  ) async throws -> ArtifactOutput {
    let recipe = try recipe(name, singularity)
    let inputs = StepInputs([StepInput(.upstream, "docker/\(name):1", image.config.description)])
    let job = StepJob(
      recipe: .conversion(recipe), inputs: inputs, fingerprint: inputs.fingerprint, files: [],
      upstreams: [recipe.image: image.output], bases: [:], mayUseCache: true)
    let output = try await runner.run(job) { _ in }
    try runner.remember(output, of: recipe.id, for: inputs.fingerprint)
    try await runner.adopt(.conversion(recipe), output, of: inputs.fingerprint, isFresh: true)
    outputs[name] = output
    return output
  }

  /// Collects all SIFs but these, and no image.
  func collect(keeping names: [String]) async throws {
    let images = try disk.names(of: store.root / "coppice/images").compactMap {
      $0.name.text.flatMap { Digest(hex: $0) }
    }
    disk.tick()
    _ = try store.collectGarbage(
      roots: Set(images + names.compactMap { outputs[$0]?.digest }), keepingSince: disk.now, dryRun: false)
  }

  func read(_ blob: Digest) -> Bool { disk.journal(.read).contains(store.path(ofBlob: blob)) }
}
