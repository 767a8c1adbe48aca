import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

struct ContentDigestTests {
  private func content(_ image: TestImage) throws -> Digest { try TestStore().add(image).content }

  @Test func timesOrderAndContainersDoNotCount() throws {
    for seed in 0..<30 {
      var random = SeededGenerator(seed: seed)
      let entries = random.entries()
      var others = entries.shuffled(using: &random)
      for index in others.indices {
        others[index].modified = Int.random(in: 0..<2_000_000_000, using: &random)
        if random.once(in: 2) { others[index].path = "./" + others[index].path }
      }
      let first = TestImage(layers: [tar(entries)])
      var second = TestImage(layers: [tar(others)], created: "2026-11-20T05:23:07.601134858Z")
      second.extra = #","parent":"x","docker_version":"20.10","container_config":{"Cmd":["x"]}"#
      #expect(try content(first) == content(second))
      #expect(first.id != second.id)
    }
  }

  @Test func everythingElseCounts() throws {
    let base = [TestEntry.directory("d"), TestEntry("d/a", "1"), TestEntry("d/b", "2"), .symbolicLink("l", to: "d/a")]
    var variants: [[TestEntry]] = [base]
    func vary(_ index: Int, _ change: (inout TestEntry) -> Void) {
      var entries = base
      change(&entries[index])
      variants.append(entries)
    }
    vary(1) { $0.content = [0x32] }
    vary(1) { $0.content = [] }
    vary(1) { $0.mode = 0o755 }
    vary(1) { $0.mode = 0o4644 }
    vary(1) { $0.uid = 7 }
    vary(1) { $0.gid = 7 }
    vary(1) { $0.path = "d/c" }
    vary(1) { $0.records = [("SCHILY.xattr.security.capability", [1, 0, 2])] }
    vary(1) { $0.records = [("SCHILY.xattr.security.capability", [1, 0, 3])] }
    vary(1) { $0.records = [("SCHILY.xattr.security.other", [1, 0, 2])] }
    vary(2) { $0 = .hardLink("d/b", to: "d/a") }
    vary(2) { $0 = .symbolicLink("d/b", to: "d/a") }
    vary(3) { $0.link = "d/b" }
    vary(0) { $0.mode = 0o700 }
    variants.append(Array(base.dropLast()))
    variants.append(base + [TestEntry("d/.wh.c")])
    var digests = try variants.map { try content(TestImage(layers: [tar($0)])) }
    digests.append(try content(TestImage(layers: [tar(base), tar([])])))
    digests.append(try content(TestImage(layers: [tar([]), tar(base)])))
    digests.append(try content(TestImage(layers: [tar(base)], environment: "A=c")))
    digests.append(try content(TestImage(layers: [tar(base)], extra: #","author":"x""#)))
    #expect(Set(digests).count == digests.count)
  }

  @Test func attributesCountTheSameInBothSpellings() throws {
    var (schily, libarchive) = (TestEntry("a", "1"), TestEntry("a", "1"))
    schily.records = [("SCHILY.xattr.user.a b", Array("value".utf8))]
    libarchive.records = [("LIBARCHIVE.xattr.user.a%20b", Array("dmFsdWU=".utf8))]
    #expect(try content(TestImage(layers: [tar([schily])])) == content(TestImage(layers: [tar([libarchive])])))
  }

  @Test func theLastOfTwoEntriesCounts() throws {
    let (first, second) = (TestEntry("a", "1"), TestEntry("a", "2"))
    #expect(try content(TestImage(layers: [tar([first, second])])) == content(TestImage(layers: [tar([second])])))
    #expect(try content(TestImage(layers: [tar([first, second])])) != content(TestImage(layers: [tar([first])])))
  }

  @Test func aChosenHostnameStays() throws {
    var first = TestImage(layers: [])
    var second = TestImage(layers: [], created: "2025-01-01T00:00:00Z")
    #expect(try content(first) == content(second))
    (first.hostname, second.hostname) = ("chosen", "other")
    #expect(try content(first) != content(second))
  }

  @Test func theIdsOfMountedImagesDoNotCountAndAllElseOfACommandDoes() throws {
    func content(_ command: String) throws -> Digest {
      let history = #"[{"created_by":"\#(command)"}]"#
      return try TestStore().add(TestImage(layers: [], history: history)).content
    }
    let (one, two) = ("sha256:\(Digest.sha256("1").hex)", "sha256:\(Digest.sha256("2").hex)")
    func mount(_ id: String) -> String { "/bin/sh -c --mount=type=bind,from=\(id),target=/m cat /m/hi" }
    #expect(try content(mount(one)) == content(mount(two)))
    #expect(
      try content("/bin/sh -c --mount=from=\(one),target=/m x") == content("/bin/sh -c --mount=from=\(two),target=/m x")
    )
    #expect(try content(mount(one)) != content(mount("docker.io/library/a@\(one)")))
    #expect(try content(mount(one)) != content(mount(one) + "o"))
    #expect(try content(mount(one)) != content("/bin/sh -c --mount=type=bind,from=\(one),target=/n cat /m/hi"))
    #expect(try content("/bin/sh -c check from=\(one)") != content("/bin/sh -c check from=\(two)"))
  }

  @Test func aNearMissNamesThePaths() throws {
    let base = [TestEntry("a", "1"), TestEntry("b", "2"), TestEntry("c", "3")]
    var other = base
    other[1].content = Array("changed".utf8)
    other[2].path = "d"
    let store = try TestStore()
    let first = try store.add(TestImage(layers: [tar(base), tar([TestEntry("same", "x")])]))
    let second = try store.add(
      TestImage(layers: [tar(other), tar([TestEntry("same", "x")]), tar([TestEntry("more", "x")])], environment: "A=z"))
    let found = try store.layout.differences(between: first.config, and: second.config)
    let paths = found.map(\.path)
    #expect(paths == ["config.Env", "/b", "/c", "/d", "/more"])
    let contents = Dictionary(uniqueKeysWithValues: found.map { ($0.path, $0.contents) })
    #expect(contents["/b"] == [.sha256("2"), .sha256("changed")])
    #expect(contents["/d"] == [.sha256("3")])
    #expect(try store.layout.differences(between: first.config, and: first.config) == [])
    #expect(throws: Failure.self) { try store.layout.differences(between: first.config, and: .sha256("unknown")) }
  }
}
