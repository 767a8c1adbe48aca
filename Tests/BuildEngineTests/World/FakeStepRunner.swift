import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport

/// A builder in memory with a store of its own: a map fingerprint → output, and the outputs that are there.
///
/// It refuses what a real one could not do: to build from an upstream whose output is not there.
final class FakeStepRunner: StepRunner {
  typealias Behaviour = @Sendable (StepJob) async throws -> ArtifactOutput

  private struct State {
    var behaviours: [ArtifactID: Behaviour] = [:]
    var map: [Fingerprint: ArtifactOutput] = [:]
    var present: [Digest: ArtifactOutput] = [:]
    var damaged = Set<Digest>()
    var jobs: [StepJob] = []
    var adopted: [ArtifactID] = []
    var running = Set<ArtifactID>()
    var mostRunning = 0
    var violations: [String] = []
    var differences: [OutputDifference]?

    func isWhole(_ output: ArtifactOutput) -> Bool {
      if present[output.digest] != nil && !damaged.contains(output.digest) { return true }
      guard let content = output.content else { return false }
      return present.contains { $0.value.content == content && !damaged.contains($0.key) }
    }
  }

  private let state = Locked(State())
  /// Whose clock and containers show in what churns.
  private let machine: String

  init(machine: String = "here") { self.machine = machine }

  // MARK: what the test asks for

  /// How an artifact is made; nil makes it from all its inputs again.
  func behave(_ id: ArtifactID, _ behaviour: Behaviour?) { state.withLock { $0.behaviours[id] = behaviour } }

  /// The output depends on this text alone.
  func output(_ word: String, _ text: @escaping @Sendable (StepJob) -> String) {
    behave(TreeText.id(word)) { ArtifactOutput(digest: .sha256(text($0)), size: 1) }
  }

  /// In what any two outputs differ.
  func differ(in differences: [OutputDifference]?) { state.withLock { $0.differences = differences } }
  func differ(in paths: [String]) { differ(in: paths.map { OutputDifference($0) }) }

  func fail(_ word: String, _ message: String = "it failed") {
    behave(TreeText.id(word)) { _ in throw StepFailure(message, help: "mend it") }
  }

  func heal(_ word: String) { behave(TreeText.id(word), nil) }

  /// Other bytes at every run, with contents that are the same for the same inputs but the generation.
  func churn(_ word: String) {
    churn(word) { job in
      StepInputs(job.inputs.inputs.filter { $0.name != Array("generation".utf8) }).fingerprint.digest
    }
  }

  /// Other bytes at every run and on every machine, with these contents.
  func churn(_ word: String, _ content: @escaping @Sendable (StepJob) -> Digest) {
    let counter = Locked(0)
    behave(TreeText.id(word)) { [machine] job in
      let run = counter.withLock { count in
        count += 1
        return count
      }
      return ArtifactOutput(digest: .sha256("\(word) \(machine) run \(run)"), content: content(job), size: 1)
    }
  }

  // MARK: the store

  func lose(_ output: Digest) { state.withLock { $0.present[output] = nil } }
  func damage(_ output: Digest) { state.withLock { _ = $0.damaged.insert(output) } }
  /// Puts what another machine has made into the store.
  func receive(_ output: ArtifactOutput, for fingerprint: Fingerprint) {
    state.withLock { state in
      state.present[output.digest] = output
      state.map[fingerprint] = output
    }
  }
  func forgetMap() { state.withLock { $0.map = [:] } }
  func isKnown(_ fingerprint: Fingerprint) -> Bool { state.withLock { $0.map[fingerprint] != nil } }

  // MARK: what happened

  var jobs: [StepJob] { state.withLock { $0.jobs } }
  var ran: [ArtifactID] { jobs.map(\.recipe.id) }
  var adopted: [ArtifactID] { state.withLock { $0.adopted } }
  var mostRunning: Int { state.withLock { $0.mostRunning } }
  /// What no real runner could have done.
  var violations: [String] { state.withLock { $0.violations } }

  func clearHistory() {
    state.withLock { state in
      state.jobs = []
      state.adopted = []
      state.mostRunning = 0
    }
  }

  // MARK: StepRunner

  func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) throws -> ArtifactOutput? {
    state.withLock { state in
      state.map[fingerprint].flatMap { state.isWhole($0) ? $0 : nil }
    }
  }

  func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition {
    state.withLock { state in
      if state.isWhole(output) { return .intact }
      return state.present[output.digest] == nil ? .missing("its blob") : .damaged("its blob")
    }
  }

  func run(_ job: StepJob, log: @escaping @Sendable (String) -> Void) async throws -> ArtifactOutput {
    let id = job.recipe.id
    let behaviour = state.withLock { state -> Behaviour? in
      state.jobs.append(job)
      state.running.insert(id)
      state.mostRunning = max(state.mostRunning, state.running.count)
      for (upstream, output) in job.upstreams {
        if state.running.contains(upstream) { state.violations.append("\(id) was begun before \(upstream) had ended") }
        if output.isAssumed || !state.isWhole(output) {
          state.violations.append("\(id) was built from \(upstream), which is not there")
        }
      }
      return state.behaviours[id]
    }
    defer { state.withLock { _ = $0.running.remove(id) } }
    log("building \(id)")
    let output = try await behaviour?(job) ?? ArtifactOutput(digest: .sha256("made from \(job.fingerprint)"), size: 1)
    state.withLock { state in
      state.present[output.digest] = output
      state.damaged.remove(output.digest)
    }
    return output
  }

  func adopt(
    _ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool
  ) async {
    state.withLock { $0.adopted.append(recipe.id) }
  }

  func differences(
    of id: ArtifactID, between first: ArtifactOutput, and second: ArtifactOutput, limit: Int
  ) throws -> [OutputDifference]? {
    state.withLock { state in
      guard state.isWhole(first), state.isWhole(second) else { return nil }
      return state.differences
    }
  }

  func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) throws {
    state.withLock { state in
      if output.isAssumed { state.violations.append("\(id): an assumed output entered the map") }
      state.map[fingerprint] = output
    }
  }
}
