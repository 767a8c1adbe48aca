package import ImageModel

/// What a release would do, as a file: people look at it, decide, and have exactly that done.
package struct ReleasePlan: Hashable, Sendable {
  /// A destination as it is defined.
  package struct Place: Hashable, Sendable {
    package var name: String
    /// In words that change with the definition.
    package var definition: String
    /// Why it could not be asked; what it holds is unknown then.
    package var problem: String?

    package init(name: String, definition: String, problem: String? = nil) {
      self.name = name
      self.definition = definition
      self.problem = problem
    }
  }

  package struct Build: Hashable, Sendable {
    package var artifact: ArtifactID
    /// Or only if an upstream comes out another.
    package var isCertain: Bool
    /// How long it took the last time.
    package var expectedSeconds: Int?
    /// How much room the last one took, beside what it was made of.
    package var expectedBytes: Int?
    package var reasons: [String]

    package init(
      artifact: ArtifactID, isCertain: Bool, expectedSeconds: Int?, expectedBytes: Int? = nil, reasons: [String]
    ) {
      self.artifact = artifact
      self.isCertain = isCertain
      self.expectedSeconds = expectedSeconds
      self.expectedBytes = expectedBytes
      self.reasons = reasons
    }
  }

  package enum Action: String, Hashable, Sendable, CaseIterable {
    /// It must be built, and is published then.
    case build
    case publish
    /// It is published if the builds to come make another one.
    case may
    case keep
    /// No definition makes it any more; it stays.
    case retire
    /// Its destination could not be asked.
    case unknown
  }

  package struct Name: Hashable, Sendable {
    package var name: String
    /// What it leads to; nil for nothing.
    package var from: Digest?
    /// Whether somebody else has moved it since the last release.
    package var isMoved: Bool

    package init(_ name: String, from: Digest?, isMoved: Bool = false) {
      self.name = name
      self.from = from
      self.isMoved = isMoved
    }
  }

  /// One artifact at one destination.
  package struct Line: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
      package var artifact: ArtifactID
      package var destination: String
    }

    package var artifact: ArtifactID
    package var destination: String
    package var action: Action
    package var names: [Name]
    /// What the names will lead to, where that is known.
    package var to: Digest?
    /// Bytes to send, where that is known; of what must be built first, no more than these.
    package var bytes: Int?
    /// From its own to the root causes.
    package var reasons: [String]

    package init(
      artifact: ArtifactID, destination: String, action: Action, names: [Name], to: Digest?, bytes: Int?,
      reasons: [String]
    ) {
      self.artifact = artifact
      self.destination = destination
      self.action = action
      self.names = names
      self.to = to
      self.bytes = bytes
      self.reasons = reasons
    }

    package var key: Key { Key(artifact: artifact, destination: destination) }
  }

  /// A part of the tree as the plan saw it.
  package struct Source: Hashable, Sendable {
    package var artifact: ArtifactID
    /// Of what it is made of, but for its upstreams and bases.
    package var inputs: Digest
    /// Of its record in the lockfile.
    package var recorded: Digest?

    package init(artifact: ArtifactID, inputs: Digest, recorded: Digest?) {
      self.artifact = artifact
      self.inputs = inputs
      self.recorded = recorded
    }
  }

  /// An image from outside.
  package struct Base: Hashable, Sendable {
    package var reference: String
    package var pinned: Digest?

    package init(reference: String, pinned: Digest?) {
      self.reference = reference
      self.pinned = pinned
    }
  }

  package var decisions = Decisions()
  /// Seconds since 1970.
  package var time: Int
  /// The artifacts that were asked for; none means all.
  package var targets: [ArtifactID]
  package var destinations: [Place]
  /// In the order of building.
  package var builds: [Build]
  /// In the order of publishing.
  package var lines: [Line]
  package var sources: [Source]
  package var bases: [Base]

  package init(
    time: Int, targets: [ArtifactID] = [], destinations: [Place] = [], builds: [Build] = [], lines: [Line] = [],
    sources: [Source] = [], bases: [Base] = []
  ) {
    self.time = time
    self.targets = targets
    self.destinations = destinations
    self.builds = builds
    self.lines = lines
    self.sources = sources
    self.bases = bases
  }
}
