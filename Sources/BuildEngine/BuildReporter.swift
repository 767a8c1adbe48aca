package import ImageModel

/// How a step ended.
package enum StepOutcome: String, Sendable, Hashable {
  case built
  /// Ran, and the output came out identical.
  case unchanged
  /// Taken from the store: its fingerprint was known.
  case restored
  case failed
  /// Not tried, because an upstream failed.
  case skipped
}

/// What a build tells while it goes on.
package enum BuildEvent: Sendable {
  /// First, once: the steps that may run, in order, and the expected seconds where the journal knows.
  case planned(steps: [PlannedStep], expected: Duration?)
  case started(ArtifactID, reasons: [StaleReason], StepAction)
  /// One line of a running step's output.
  case output(ArtifactID, String)
  /// - Parameter nearMiss: the paths in which the output differs from the one before, where they are few.
  case finished(
    ArtifactID, StepOutcome, duration: Duration, failure: FailureReport?, nearMiss: [String] = [])
  /// A planned step that turned out to be current: its upstreams came out identical.
  case current(ArtifactID)
  /// An output on its way here from where it is published; before the steps are planned.
  case fetching(ArtifactID, from: String, bytes: Int, size: Int?)
  /// It is here, or could not be had.
  case fetched(ArtifactID, from: String, bytes: Int, duration: Duration, isHere: Bool)
  case note(Diagnostic)
  /// Last, always.
  case done(BuildSummary)
}

/// What a step that was started does.
package enum StepAction: Sendable, Hashable {
  case run
  /// The store has its output.
  case restore
}

package struct PlannedStep: Sendable, Hashable {
  package var id: ArtifactID
  package var reasons: [StaleReason]
  /// From the journal.
  package var expected: Duration?
  /// Whether the store has what it would give.
  package var isRestorable: Bool

  package init(id: ArtifactID, reasons: [StaleReason], expected: Duration?, isRestorable: Bool = false) {
    self.isRestorable = isRestorable
    self.id = id
    self.reasons = reasons
    self.expected = expected
  }
}

package struct FailureReport: Sendable {
  package var message: String
  package var location: SourceLocation?
  package var help: String?
  /// The last lines of the step's output.
  package var tail: [String]
  package var log: FilePath?

  package init(
    message: String, at location: SourceLocation? = nil, help: String?, tail: [String], log: FilePath?
  ) {
    self.message = message
    self.location = location
    self.help = help
    self.tail = tail
    self.log = log
  }
}

package struct BuildSummary: Sendable {
  package var outcomes: [ArtifactID: StepOutcome] = [:]
  package var duration = Duration.zero
  package var isInterrupted = false

  package init() {}

  package func count(_ outcome: StepOutcome) -> Int { outcomes.values.count { $0 == outcome } }
}

/// Tells a person or a program how a build goes; called from any thread.
package protocol BuildReporter: Sendable {
  func report(_ event: BuildEvent)
}
