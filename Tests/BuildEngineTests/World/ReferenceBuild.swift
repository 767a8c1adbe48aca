import BuildEngine
import BuildRecords
import ImageModel
import TestSupport

/// What a build must do, computed the slow and obvious way: from values, without fingerprints, plans or states.
struct ReferenceBuild {
  /// What a step was made of and what came out.
  struct Made: Hashable {
    var version: Int
    var upstreams: [String: Digest]
    var output: Digest
  }

  /// How much of its inputs an image lets through to its output.
  enum Ear: CaseIterable { case hearsAll, hearsItself, hearsHalf, hearsNothing }

  /// Upstreams before their dependents.
  let edges: [(word: String, upstreams: [String])]
  let ears: [String: Ear]
  var versions: [String: Int] = [:]
  var records: [String: Made] = [:]
  /// All that was ever made.
  var store: [String: Set<Made>] = [:]

  static func output(_ word: String, _ ear: Ear, _ version: Int, _ upstreams: [String: Digest]) -> Digest {
    switch ear {
    case .hearsAll:
      .sha256("\(word) \(version) \(upstreams.sorted { $0.key < $1.key }.map { "\($0): \($1)" })")
    case .hearsItself: .sha256("\(word) \(version)")
    case .hearsHalf: .sha256("\(word) \(version / 2) \(upstreams.values.contains { $0.bytes[0] < 128 })")
    case .hearsNothing: .sha256(word)
    }
  }

  func closure(of words: Set<String>) -> Set<String> {
    var closure = words
    for (word, upstreams) in edges.reversed() where closure.contains(word) { closure.formUnion(upstreams) }
    return closure
  }

  /// Builds as make would, but goes on after a failure with everything that does not depend on it.
  mutating func build(_ words: Set<String>, failing: Set<String> = []) -> [String: StepOutcome] {
    var outcomes: [String: StepOutcome] = [:]
    let closure = closure(of: words)
    for (word, upstreams) in edges where closure.contains(word) {
      if upstreams.contains(where: { outcomes[$0] == .failed || outcomes[$0] == .skipped }) {
        outcomes[word] = .skipped
        continue
      }
      let version = versions[word] ?? 0
      var used: [String: Digest] = [:]
      for upstream in upstreams { used[upstream] = records[upstream]?.output }
      let before = records[word]
      if let before, before.version == version, before.upstreams == used { continue }
      if let known = store[word]?.first(where: { $0.version == version && $0.upstreams == used }) {
        outcomes[word] = .restored
        records[word] = known
      } else if failing.contains(word) {
        outcomes[word] = .failed
      } else {
        let output = Self.output(word, ears[word] ?? .hearsAll, version, used)
        let made = Made(version: version, upstreams: used, output: output)
        outcomes[word] = before?.output == output ? .unchanged : .built
        records[word] = made
        store[word, default: []].insert(made)
      }
    }
    return outcomes
  }
}

/// A random tree, its reference, and its world.
struct RandomTree {
  var random: SeededGenerator
  var reference: ReferenceBuild
  let world: World

  /// - Parameter isHardOfHearing: most changes end after a step or two.
  init(seed: Int, isHardOfHearing: Bool = false) {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...8, using: &random)
    let density = Int.random(in: 2...4, using: &random)
    let names = (0..<count).map { "i\($0)" }.shuffled(using: &random)
    let edges = names.indices.map { index in
      (word: names[index], upstreams: names[..<index].filter { _ in random.once(in: density) })
    }
    var ears: [String: ReferenceBuild.Ear] = [:]
    for name in names {
      let any = ReferenceBuild.Ear.allCases.randomElement(using: &random)
      ears[name] = !isHardOfHearing && random.once(in: 2) ? .hearsAll : any
    }
    reference = ReferenceBuild(edges: edges, ears: ears)
    world = World(TreeText(edges))
    world.isPersistent = random.once(in: 8)
    world.options.jobs = Int.random(in: 1...4, using: &random)
    world.options.keepsGoing = true
    self.random = random
    for name in names {
      setVersion(0, of: name)
      heal(name)
    }
  }

  var words: [String] { reference.edges.map(\.word) }

  mutating func setVersion(_ version: Int, of word: String) {
    reference.versions[word] = version
    world.edit(word, "\(word) \(version)")
  }

  /// - Returns: the words that are not as they were.
  @discardableResult
  mutating func editSome() -> Set<String> {
    let before = reference.versions
    for word in words where random.once(in: 3) { setVersion(Int.random(in: 0..<4, using: &random), of: word) }
    return Set(words.filter { reference.versions[$0] != before[$0] })
  }

  mutating func some(oneIn count: Int) -> Set<String> { Set(words.filter { _ in random.once(in: count) }) }

  /// The runner makes what the reference says; half of the steps take their time.
  func heal(_ word: String) {
    let ear = reference.ears[word] ?? .hearsAll
    let files = world.files
    world.runner.behave(TreeText.id(word)) { job in
      if job.fingerprint.digest.bytes[0] < 128 { await Task.yield() }
      let version = files.text(FilePath("\(word)/1/file")).flatMap { Int($0.dropFirst(word.count + 1)) } ?? -1
      let upstreams = Dictionary(uniqueKeysWithValues: job.upstreams.map { ($0.key.name, $0.value.digest) })
      return ArtifactOutput(digest: ReferenceBuild.output(word, ear, version, upstreams), size: 1)
    }
  }

  func build(_ words: Set<String>) async throws -> [String: StepOutcome] {
    guard !words.isEmpty else { return [:] }
    try await world.build(words.sorted().map { "docker/\($0):1" })
    return Dictionary(uniqueKeysWithValues: world.reporter.outcomes.map { ($0.key.name, $0.value) })
  }

  /// What is recorded.
  func outputs() throws -> [String: Digest] {
    let records = try world.ledger().lockfile.records
    return Dictionary(uniqueKeysWithValues: records.map { ($0.key.name, $0.value.output.digest) })
  }

  /// With the words themselves.
  func downstream(of words: Set<String>) -> Set<String> {
    var found = words
    for (word, upstreams) in reference.edges where !found.isDisjoint(with: upstreams) { found.insert(word) }
    return found
  }

  /// Whether every step ran after those that it uses.
  var isOrderValid: Bool {
    let ran = world.ran
    return reference.edges.allSatisfy { word, upstreams in
      guard let place = ran.firstIndex(of: word) else { return true }
      return upstreams.allSatisfy { ran.firstIndex(of: $0) ?? -1 < place }
    }
  }
}
