import ImageModel

@testable import DockerfileText

extension FuzzTarget {
  /// Two readings agree, places lie in the text, and the names that engines get stand for exactly the uses.
  static let dockerfile = FuzzTarget("dockerfile", share: 8) { bytes in
    let facts = read(bytes)
    let again = read(bytes)
    try require(
      facts.instructions == again.instructions && facts.uses == again.uses && facts.reach == again.reach
        && facts.features == again.features && facts.diagnostics == again.diagnostics
        && facts.askedVariables == again.askedVariables && facts.environment == again.environment, "two readings differ"
    )
    try checkBases(bytes, facts)
    let places = Places.ofDockerfile(bytes)
    try places.check(facts.diagnostics, mayBeEmpty: true)
    for instruction in facts.instructions { try places.check(instruction.location) }
    var end = 0
    for range in Set(facts.uses.map(\.range)).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      try require(range.lowerBound >= end && range.upperBound <= bytes.count, "the uses \(facts.uses) overlap")
      end = range.upperBound
    }
    for use in facts.uses {
      try require(!use.range.isEmpty, "\(use) stands on nothing")
      try places.check(use.location)
    }
    // A file with errors is never handed to an engine.
    if facts.diagnostics.contains(where: { $0.severity == .error }) { return }
    try checkRewriting(facts)
    _ = ContextFilter(ignore: IgnoreFile(name: ""), reach: facts.reach).verdict(forFile: Array("a/b".utf8))
  }

  /// A base that has none of the variables that it is asked for is what a base was taken for that nobody asked.
  private static func checkBases(_ bytes: [UInt8], _ facts: DockerfileFacts) throws {
    func reach(_ answer: String?) -> ContextReach {
      var environments: [String: ImageEnvironment] = [:]
      for (reference, names) in facts.askedVariables {
        environments[reference] = ImageEnvironment(root: .image(reference))
        environments[reference]?.answers = Dictionary(uniqueKeysWithValues: names.map { ($0, answer) })
      }
      return read(bytes, environments).reach
    }
    if facts.askedVariables.isEmpty { return }
    if case .selected = facts.reach { try require(reach(nil) == facts.reach, "an answer changes what was presumed") }
    _ = reach("given")
  }

  private static func read(_ bytes: [UInt8], _ environments: [String: ImageEnvironment] = [:]) -> DockerfileFacts {
    DockerfileReader.read(
      bytes, file: "Dockerfile", buildArguments: ["GIVEN": "given", "V": "1"], target: nil,
      platform: Platform(os: "linux", architecture: "amd64"), environments: environments)
  }

  /// Every use by another name: the text around stays, and reading it again finds these names in the same roles.
  private static func checkRewriting(_ facts: DockerfileFacts) throws {
    var names: [Range<Int>: String] = [:]
    for use in facts.uses {
      // What a front end is called says whether the text is a Dockerfile.
      let isDockerfile = use.role == .syntax && ForeignFrontEnd.isDockerfile(use.reference.description)
      let name = "exact.example/image-\(use.range.lowerBound)/" + (isDockerfile ? "dockerfile" : "image")
      names[use.range] = "\(name)@\(Digest.sha256("x"))"
    }
    let text = DockerfileRewriter.text(of: facts, replacing: names.map { ($0.key, $0.value) })
    var (expected, position) = ([UInt8](), 0)
    for (range, name) in names.sorted(by: { $0.key.lowerBound < $1.key.lowerBound }) {
      expected += facts.text[position..<range.lowerBound] + Array(name.utf8)
      position = range.upperBound
    }
    try require(text == expected + facts.text[position...], "rewriting changes more than the uses")
    let again = read(text)
    let found = Set(again.uses.map { "\($0.role) \($0.reference)" })
    let wanted = Set(facts.uses.map { "\($0.role) \(names[$0.range] ?? "")" })
    try require(
      found == wanted, "\(wanted.sorted()) is read as \(found.sorted()): \(String(decoding: text, as: UTF8.self))")
    // Why it is the whole context is said with the names.
    func selectors(_ reach: ContextReach) -> [ContextSelector]? {
      if case .selected(let selectors) = reach { selectors } else { nil }
    }
    try require(selectors(again.reach) == selectors(facts.reach), "\(facts.reach) turns into \(again.reach)")
    let errors = again.diagnostics.filter { $0.severity == .error }
    try require(errors.isEmpty, "an exact name is an error: \(errors.map(\.message))")
  }

  /// An ignore file, a zero byte, paths, a zero byte, sources: nobody who walks a context misses a file.
  static let ignore = FuzzTarget("ignore", share: 8) { bytes in
    let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    let (file, diagnostics) = IgnoreReader.read(Array(parts[0]), name: ".dockerignore", file: ".dockerignore")
    try Places.ofDockerfile(Array(parts[0])).check(diagnostics, mayBeEmpty: true)
    let rules = IgnoreRules(file)
    let sources = parts.count < 3 ? [] : parts[2].split(separator: UInt8(ascii: "\n")).prefix(8)
    let selectors = sources.map { source in
      ContextSelector(pattern: CopySources.cleaned(String(decoding: source, as: UTF8.self)))
    }
    let filters = [ContextReach.whole(reason: ""), .selected(selectors)].map { ContextFilter(ignore: file, reach: $0) }
    // No path of a real tree is longer.
    for line in parts.count < 2 ? [] : parts[1].split(separator: UInt8(ascii: "\n")).prefix(4) where line.count < 4096 {
      let path = FilePath(bytes: line).normalized.bytes
      let isExcluded = rules.excludes(path)
      let seen = filters.map { $0.verdict(forFile: path) }
      try require(
        seen[0] == !isExcluded && (!seen[1] || seen[0]), "the filter is not the rules: \(FilePath(bytes: path))")
      for end in path.indices.filter({ path[$0] == UInt8(ascii: "/") && $0 > 0 }).suffix(8) {
        let directory = Array(path[..<end])
        if !isExcluded, rules.excludes(directory) {
          try require(rules.mayHaveExceptions(below: directory), "\(FilePath(bytes: path)) is never reached")
        }
        for (filter, isSeen) in zip(filters, seen) where isSeen {
          try require(
            filter.verdict(forDirectory: directory) != .skip,
            "\(FilePath(bytes: path)) is skipped with a directory above")
        }
      }
    }
  }
}
