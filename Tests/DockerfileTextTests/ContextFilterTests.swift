import DockerfileText
import ImageModel
import Testing

@Suite struct ContextFilterTests {
  private func filter(_ ignore: [String] = [], _ selectors: [ContextSelector]? = nil) -> ContextFilter {
    ContextFilter(
      ignore: IgnoreFile(patterns: ignore), reach: selectors.map { .selected($0) } ?? .whole(reason: "a test"))
  }

  private func files(_ filter: ContextFilter, _ paths: [String]) -> [String] {
    paths.filter { filter.verdict(forFile: Array($0.utf8)) }
  }

  private func directory(_ filter: ContextFilter, _ path: String) -> ContextFilter.Verdict {
    filter.verdict(forDirectory: Array(path.utf8))
  }

  @Test func withoutIgnoreFileTheWholeIsTaken() {
    #expect(files(filter(), ["a", "b/c"]) == ["a", "b/c"])
    #expect(directory(filter(), "") == .take && directory(filter(), "a/b") == .take)
    #expect(directory(filter([], [ContextSelector(pattern: ".")]), "a/b") == .take)
  }

  @Test func aLiteralSourceTakesItselfAndAllBelow() {
    let filter = filter([], [ContextSelector(pattern: "src/lib"), ContextSelector(pattern: "a.txt")])
    #expect(
      files(filter, ["src/lib", "src/lib/x/y", "src/libs", "src/x", "a.txt", "a.txtx", "b"]) == [
        "src/lib", "src/lib/x/y", "a.txt",
      ])
    #expect(directory(filter, "") == .descend && directory(filter, "src") == .descend)
    #expect(directory(filter, "src/lib") == .take && directory(filter, "src/lib/x") == .take)
    #expect(
      directory(filter, "sr") == .skip && directory(filter, "src/libs") == .skip && directory(filter, "b") == .skip)
    #expect(filter.literalSources == ["src/lib", "a.txt"])
  }

  @Test func aPatternMatchesComponentByComponent() {
    let filter = filter(
      [], [ContextSelector(pattern: "src/*/t[0-9].c"), ContextSelector(pattern: "l*", isPattern: false)])
    #expect(
      files(filter, ["src/a/t1.c", "src/a/b/t1.c", "src/t1.c", "src/a/tx.c", "l*", "la"]) == ["src/a/t1.c", "l*"])
    #expect(directory(filter, "src") == .descend && directory(filter, "src/a") == .descend)
    #expect(
      directory(filter, "src/a/t1.c") == .take && directory(filter, "src/a/x") == .skip
        && directory(filter, "lib") == .skip)
    #expect(filter.literalSources == ["src", "l*"])
  }

  @Test func anExcludeIsRelativeToItsSource() {
    let filter = filter([], [ContextSelector(pattern: "src", excludes: ["*.o", "tmp", "!tmp/keep"])])
    #expect(
      files(filter, ["src/a.c", "src/a.o", "src/x/a.o", "src/tmp/a", "src/tmp/keep", "src"])
        == ["src/a.c", "src/x/a.o", "src/tmp/keep", "src"])
    #expect(
      directory(filter, "src/tmp") == .descend && directory(filter, "src/tmp/x") == .skip
        && directory(filter, "src") == .take)
  }

  @Test func ignoredDirectoriesAreSkippedUnlessAnExceptionLiesBelow() {
    let filter = filter(["*", "!src", "src/build", "!src/build/x/keep"])
    #expect(files(filter, ["a", "src/a", "src/build/a", "src/build/x/keep"]) == ["src/a", "src/build/x/keep"])
    #expect(directory(filter, "doc") == .skip && directory(filter, "src") == .take)
    #expect(directory(filter, "src/build") == .descend && directory(filter, "src/build/x") == .descend)
    #expect(directory(filter, "src/build/y") == .skip && directory(filter, "") == .take)
  }

  @Test func namesNeedNotBeText() {
    let filter = filter(["*.o"], [ContextSelector(pattern: "d?")])
    #expect(filter.verdict(forFile: [0x64, 0xFF]))
    #expect(!filter.verdict(forFile: [0xFF]))
  }

  /// A walk that trusts the verdicts on directories finds every file that is visible.
  @Test(arguments: 0..<200) func aWalkMissesNothing(seed: UInt64) {
    var random = Seeded(seed)
    let paths = Set((0..<60).map { _ in IgnoreRulesTests.randomPath(&random) + random.pick(["", "/f"]) })
    let selectors = IgnoreRulesTests.randomPatterns(&random).map { pattern in
      ContextSelector(
        pattern: pattern.replacing("!", with: ""), isPattern: random.pick([true, true, false]),
        excludes: random.pick([[], [], IgnoreRulesTests.randomPatterns(&random)]))
    }
    let filter = filter(random.pick([[], IgnoreRulesTests.randomPatterns(&random)]), random.pick([nil, selectors]))
    for path in paths where filter.verdict(forFile: Array(path.utf8)) {
      let components = path.split(separator: "/")
      for depth in 0..<components.count {
        let parent = components[..<depth].joined(separator: "/")
        #expect(directory(filter, parent) != .skip, "\(path) below \(parent), \(selectors)")
      }
    }
  }
}
