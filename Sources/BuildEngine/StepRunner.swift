package import BuildRecords
package import HostSystem
package import ImageModel

/// What a runner gets to make one artifact.
package struct StepJob: Sendable {
  package var recipe: Recipe
  package var inputs: StepInputs
  package var fingerprint: Fingerprint
  /// The files that were hashed, sorted by path: a build sees exactly these.
  package var files: [StagedFile]
  /// The outputs of the steps that it uses.
  package var upstreams: [ArtifactID: ArtifactOutput]
  /// The steps of the tree that names in its Dockerfile mean, by canonical reference.
  package var images: [String: ArtifactID]
  /// The pins of its external bases, by canonical reference.
  package var bases: [String: PinnedBase]
  /// Whether the engine's layer cache may be used (not for forced and too old steps).
  package var mayUseCache: Bool
  /// The age in seconds of the oldest layer that may be used: none from before the last run without the cache, which
  /// was asked for to be rid of them. Nil for no limit.
  package var oldestLayer: Int?

  package init(
    recipe: Recipe, inputs: StepInputs, fingerprint: Fingerprint, files: [StagedFile],
    upstreams: [ArtifactID: ArtifactOutput], images: [String: ArtifactID] = [:], bases: [String: PinnedBase],
    mayUseCache: Bool, oldestLayer: Int? = nil
  ) {
    self.recipe = recipe
    self.inputs = inputs
    self.fingerprint = fingerprint
    self.files = files
    self.upstreams = upstreams
    self.images = images
    self.bases = bases
    self.mayUseCache = mayUseCache
    self.oldestLayer = oldestLayer
  }
}

/// A step that failed: what a person needs to see.
package struct StepFailure: Error, Sendable {
  package var message: String
  /// The line that asks for what cannot be had.
  package var location: SourceLocation?
  package var help: String?

  package init(_ message: String, at location: SourceLocation? = nil, help: String? = nil) {
    self.message = message
    self.location = location
    self.help = help
  }
}

/// Makes artifacts of one kind, and knows where their outputs lie.
package protocol StepRunner: Sendable {
  /// The output that the store knows for a fingerprint; nil when it has none or it is not whole.
  func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) throws -> ArtifactOutput?

  /// Whether a recorded output is still there, or one of the same content in its place, by names and sizes; `verify` hashes.
  func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition

  /// Whether the store has a recorded output, or one of the same content in its place: `adopt` can give it its names.
  func isStored(_ output: ArtifactOutput, of id: ArtifactID) -> Bool

  /// Where the outputs lie, which a person may change; nil where there is but one place.
  var outputPlace: FilePath? { get }

  /// As `condition(of:_:)`, asking nothing but `files`, so that the answer can be kept with a trace; nil where the runner
  /// has other ways to know.
  func condition(of id: ArtifactID, _ output: ArtifactOutput, through files: any FileSystem) -> OutputCondition?

  /// Why the step cannot be made here whatever its inputs are, known without trying; said before anything is built.
  func refusal(of recipe: Recipe) async -> StepFailure?

  /// Makes the artifact and stores its output; nothing is recorded or named here.
  /// - Parameter log: called with whole lines of output as they come.
  /// - Throws: `StepFailure` for a failed step; `CancellationError`.
  func run(_ job: StepJob, log: @escaping @Sendable (String) -> Void) async throws -> ArtifactOutput

  /// Gives a step's output its names, in the store and, where that is cheap, in the engine: called for every step that
  /// was built, came out the same or was restored, after its inputs were looked at again.
  /// - Parameter isFresh: whether the engine has just built for it, and so must be able to name what it has.
  /// - Throws: when the store cannot name it, or the engine what it made; else the engine fails no build here.
  func adopt(
    _ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool
  ) async throws

  /// In what two outputs of an artifact differ, where both are stored; nil for more than `limit` paths.
  func differences(
    of id: ArtifactID, between first: ArtifactOutput, and second: ArtifactOutput, limit: Int
  ) throws -> [OutputDifference]?

  /// Keeps `fingerprint → output` in the store's map.
  func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) throws
}

extension StepRunner {
  package func isStored(_ output: ArtifactOutput, of id: ArtifactID) -> Bool { condition(of: id, output) == .intact }

  package var outputPlace: FilePath? { nil }

  package func condition(
    of id: ArtifactID, _ output: ArtifactOutput, through files: any FileSystem
  ) -> OutputCondition? { nil }

  package func refusal(of recipe: Recipe) async -> StepFailure? { nil }

  package func differences(
    of id: ArtifactID, between first: ArtifactOutput, and second: ArtifactOutput, limit: Int
  ) throws -> [OutputDifference]? { nil }
}

/// What a registry, or an engine, says of a base.
package struct ResolvedBase: Hashable, Sendable {
  package var pin: PinnedBase
  /// All of its variables; nil when its config could not be had.
  package var environment: [String: String]?

  package init(_ pin: PinnedBase, environment: [String: String]? = nil) {
    self.pin = pin
    self.environment = environment
  }
}

/// Finds the digest behind a tag.
package protocol BaseResolver: Sendable {
  /// - Parameter pinned: what it is pinned to now. An image that only an engine has never takes the place of one that a
  ///   registry has: it would be of no use on other machines.
  /// - Throws: `Failure` when the registry and the engine cannot tell.
  func resolve(_ reference: ImageReference, platform: Platform, pinned: PinnedBase?) async throws -> ResolvedBase
}
