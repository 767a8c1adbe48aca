package import BuildEngine
package import BuildRecords
package import HostSystem
package import ImageModel

/// An image in an engine's own store, as the engine names it: its id.
package struct EngineImage: Hashable, Sendable {
  package var id: String

  package init(id: String) { self.id = id }
}

/// What an engine is asked to build. Paths are relative to `directory`, so that no path of the machine reaches it.
package struct BuildRequest: Sendable {
  /// Holds all that follows; the engine works here.
  package var directory: FilePath
  package var context: FilePath = "context"
  package var dockerfile: FilePath = "Dockerfile"
  /// An ignore file that ignores nothing: the context was chosen already.
  package var ignoreFile: FilePath = "Dockerfile.dockerignore"
  package var target: String?
  /// Nil means the host's.
  package var platform: Platform?
  /// Handed over through the environment.
  package var arguments: [String: String] = [:]
  /// Files with one secret each, by id; these may lie elsewhere.
  package var secrets: [String: FilePath] = [:]
  package var network = "host"
  package var mayUseCache = true
  /// The age in seconds of the oldest layer that may be used; nil for no limit.
  package var oldestLayer: Int?
  /// Every time in the image becomes this one; seconds since 1970.
  package var sourceDateEpoch: Int?

  package init(directory: FilePath) { self.directory = directory }
}

/// The variables of an image's config, `NAME=VALUE` each.
enum EnvironmentList {
  static func variables(_ list: [String]) -> [String: String] {
    let pairs = list.map { line in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
    return Dictionary(pairs) { $1 }
  }
}

/// A program that builds images: docker, podman or buildah.
///
/// Images are known by two names: the engine's id, and the config digest that coppice records. They are the same but
/// for docker with containerd's image store, whose ids are digests of manifests.
package protocol ContainerEngine: Sendable {
  /// `docker`, `podman`, `buildah`.
  var name: String { get }
  var version: String { get }
  /// Whether the id of an image is its config digest.
  var hasConfigIDs: Bool { get }

  /// Why it cannot build this, said before the build; nil when it can.
  func refusal(of recipe: ImageRecipe) -> StepFailure?

  /// Why its layer cache cannot be trusted for this; nil when it can.
  /// - Parameters:
  ///   - triggers: the ONBUILD instructions of the images that `FROM` names, by canonical reference.
  ///   - files: the context.
  func cacheDoubt(for recipe: ImageRecipe, triggers: [String: [String]], files: [StagedFile]) -> String?

  /// - Parameter log: gets whole lines.
  /// - Throws: `Failure` when the engine says no.
  func build(_ request: BuildRequest, log: @escaping @Sendable (String) -> Void) async throws -> EngineImage

  /// Hands the image over as a docker-archive.
  func save(_ image: EngineImage, _ consumer: @escaping @Sendable (any ByteReader) throws -> Void) async throws

  /// Takes an image from a docker-archive that names it `ExactName.of(config)`, and checks that it is the one.
  /// - Parameter directory: for a temporary file, where the engine needs one.
  func load(
    config: Digest, directory: FilePath, _ producer: @escaping @Sendable (any ByteWriter) throws -> Void
  ) async throws -> EngineImage

  /// The image with this config digest, if the engine has it.
  func image(config: Digest) async throws -> EngineImage?

  /// The image behind a name, if the engine has it; nothing is fetched.
  func image(named name: String) async throws -> EngineImage?

  /// The config digest of an image that it has.
  func config(of image: EngineImage) async throws -> Digest

  /// Fetches exactly the manifest that `reference.digest` says.
  func pull(
    _ reference: ImageReference, platform: Platform?, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage

  /// The instructions that a build from this image runs first; `COPY . /src`.
  func onBuild(of image: EngineImage) async throws -> [String]

  /// The variables of its config.
  func environment(of image: EngineImage) async throws -> [String: String]

  /// A name for Dockerfiles that means this image and no other, whatever tags say.
  /// - Parameter digest: the config digest of an image of the tree, the manifest digest of a base.
  func exactName(of image: EngineImage, digest: Digest) async throws -> String

  /// - Parameter config: its config digest.
  func tag(_ image: EngineImage, config: Digest, as names: [ImageReference]) async throws

  /// Takes names away and keeps the images behind them; says nothing when that fails.
  func untag(_ names: [ImageReference]) async

  func remove(_ image: EngineImage) async

  /// Runs a command in the image without its entry point.
  /// - Parameter directory: an existing one of coppice's own, by which leftovers are known.
  /// - Throws: `Failure` when the command fails.
  func run(
    _ command: [String], in image: EngineImage, directory: FilePath, log: @escaping @Sendable (String) -> Void
  ) async throws

  /// Removes containers that killed builds left, known by a directory of theirs below `directory`.
  func removeLeftovers(below directory: FilePath, except isCurrent: @escaping @Sendable (FilePath) -> Bool) async
}
