import BuildEngine
import BuildRecords
import ContentStore
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import ImageTools

/// Conversions of images in a store, on a disk in memory.
struct SIFRunnerTests {
  private let disk = InMemoryFileSystem()

  private func bench(_ store: FilePath = "/store") -> SIFBench { SIFBench(disk, store: store) }

  @Test func aConversionLooksAtAsManyFilesAmongManySIFsAsAmongFew() async throws {
    let bench = bench()
    var counts: [Int] = []
    for round in 0..<2 {
      // All but a few in the second round, and each of an image that has the base in common with all others.
      for number in round * 3..<(round == 0 ? 3 : 100) {
        try await bench.convert("other\(number)", bench.image(["base", "other \(number)"]))
      }
      let image = try bench.image(["base", "mine \(round)"])
      disk.clearJournal()
      try await bench.convert("mine\(round)", image)
      counts.append(disk.journal.count { !$0.operation.isWrite })
      // Nothing but its own sidecar is looked for among the others.
      #expect(Set(disk.journal(.read, .list).filter { $0.parent == "/images" }) == ["/images/mine\(round)-1.sif.json"])
    }
    #expect(counts[0] == counts[1])
  }

  @Test func blocksOfTheLayersBelowAreTakenWhicheverImageHasThem() async throws {
    let bench = bench()
    let parent = try bench.image(["base", "middle"])
    let (base, middle) = (parent.layers[0].blob, parent.layers[1].blob)
    // Of these two, no SIF of their parent was made.
    try await bench.convert("one", bench.image(["base", "middle", "one"]))
    let two = try bench.image(["base", "middle", "two"])
    disk.clearJournal()
    try await bench.convert("two", two)
    #expect(!bench.read(base) && !bench.read(middle) && bench.read(two.layers[2].blob))
    // The parent's own takes the place of its child's, which may go.
    try await bench.convert("parent", parent)
    for name in ["one", "two"] { try disk.remove("/images/\(name)-1.sif.json" as FilePath) }
    try await bench.collect(keeping: ["parent"])
    let three = try bench.image(["base", "middle", "three"])
    disk.clearJournal()
    try await bench.convert("three", three)
    #expect(!bench.read(base) && !bench.read(middle))
    // In another form, and when all SIFs are gone, everything is read, and all is well.
    let four = try bench.image(["base", "four"])
    disk.clearJournal()
    try await bench.convert("four", four, Singularity(compression: .zstd))
    #expect(bench.read(base))
    try await bench.collect(keeping: [])
    #expect(disk.files(below: "/store/coppice/chains").isEmpty)
    disk.clearJournal()
    try await bench.convert("two", two)
    #expect(bench.read(base))
  }

  @Test func whateverIsTakenOverTheBytesAreTheSame() async throws {
    for seed in Soak.seeds(6) {
      var random = SeededGenerator(seed: seed)
      let bench = bench("/store\(seed)")
      for step in 0..<5 {
        let layers = (0..<Int.random(in: 1...4, using: &random)).map {
          "layer \(Int.random(in: 0..<3 + $0, using: &random))"
        }
        let name = "app\(Int.random(in: 0..<3, using: &random))"
        let made = try await bench.convert(name, bench.image(layers))
        let alone = self.bench("/alone\(seed)-\(step)")
        let expected = try await alone.convert(name, alone.image(layers))
        #expect(made == expected, "seed \(seed), step \(step)")
        if random.once(in: 3) { try await bench.collect(keeping: random.once(in: 2) ? [name] : []) }
      }
    }
  }

  // MARK: clones

  @Test func whatAnotherImageOfTheSameContentGaveStandsForTheRecordedFile() async throws {
    let (origin, clone) = (bench("/origin"), bench("/clone"))
    let recorded = try await origin.convert("app", origin.image(["base", "app"]))
    let made = try await clone.convert("app", clone.image(["base", "app"], created: "2025-01-01T00:00:00Z"))
    #expect(made.digest != recorded.digest && made.content == recorded.content)
    let id = try clone.recipe("app").id
    #expect(clone.runner.isStored(recorded, of: id))
    #expect(clone.runner.condition(of: id, recorded) == .intact)
    // Neither by another content nor at another level.
    let other = try await origin.convert("app", origin.image(["base", "other"]))
    let level = try await origin.convert("app", origin.image(["base", "app"]), Singularity(level: 1))
    for output in [other, level] { #expect(!clone.runner.isStored(output, of: id)) }
    // It stays as long as the recorded one is named, and is nothing without its bytes.
    disk.tick()
    _ = try clone.store.collectGarbage(
      roots: [recorded.digest, try #require(recorded.content)], keepingSince: disk.now, dryRun: false)
    #expect(clone.runner.isStored(recorded, of: id))
    disk.delete(clone.store.path(ofBlob: made.digest))
    #expect(!clone.runner.isStored(recorded, of: id))
  }

  // MARK: what is no longer made

  @Test func onlyWhatCoppiceWroteIsRetired() async throws {
    let bench = bench()
    for name in ["kept", "gone", "edited", "lost", "linked"] { try await bench.convert(name, bench.image([name])) }
    let sidecar = try #require(disk.text("/images/gone-1.sif.json"))
    // Somebody's, in all kinds of ways.
    disk.write("/images/notes.txt", "mine")
    disk.write("/images/plain-1.sif", "mine")
    disk.write("/images/copy-1.sif", bytes: try #require(disk.bytes("/images/gone-1.sif")))
    disk.write("/images/copy-1.sif.json", sidecar)
    disk.write("/images/old-1.sif", "mine")
    disk.write("/images/old-1.sif.json", #"{"name":"old","md5":"0"}"#)
    disk.write("/images/torn-1.sif.json", String(sidecar.dropLast(20)))
    let size = try #require(disk.bytes("/images/edited-1.sif")).count
    disk.delete("/images/edited-1.sif")
    disk.write("/images/edited-1.sif", bytes: [UInt8](repeating: 7, count: size))
    disk.delete("/images/lost-1.sif")
    disk.delete("/images/linked-1.sif")
    disk.link("/images/linked-1.sif", to: "/images/kept-1.sif")
    let before = Set(disk.files(below: "/images"))
    let retired = try RetiredSIFs(in: "/images", except: [bench.recipe("kept").id], files: disk)
    #expect(Set(disk.files(below: "/images")) == before)
    #expect(retired.retired.map(\.file) == ["/images/gone-1.sif", "/images/lost-1.sif"])
    #expect(retired.foreign == ["/images/edited-1.sif", "/images/linked-1.sif"])
    try retired.remove()
    #expect(
      before.subtracting(disk.files(below: "/images")) == ["gone-1.sif", "gone-1.sif.json", "lost-1.sif.json"])
    #expect(try RetiredSIFs(in: "/nowhere", except: [], files: disk).retired == [])
  }
}

/// A store, a directory of images, and what converts.
final class SIFBench {
  let disk: InMemoryFileSystem
  let store: ImageLayout
  let runner: SIFRunner
  private var outputs: [String: ArtifactOutput] = [:]

  init(_ disk: InMemoryFileSystem, store: FilePath) {
    self.disk = disk
    self.store = ImageLayout(root: store, files: disk)
    runner = SIFRunner(store: self.store, files: disk, images: "/images", sourceDateEpoch: nil) { 1_000_000_000 }
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

extension InMemoryFileSystem.Operation {
  fileprivate var isWrite: Bool {
    switch self {
    case .status, .list, .read, .hash, .readLink, .resolve: false
    default: true
    }
  }
}
