import ContentStore
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

struct ImageLayoutTests {
  private let one = TestImage(layers: [tar([TestEntry("a", "1")]), tar([TestEntry("b", "2")])])
  private let two = TestImage(layers: [tar([TestEntry("a", "1")]), tar([TestEntry("c", "3")])])

  @Test func preparedLayoutsAreLeftAlone() throws {
    let store = try TestStore()
    #expect(store.disk.text("/store/oci-layout") == #"{"imageLayoutVersion":"1.0.0"}"#)
    try store.layout.setNames([("cati/x:1", try store.add(one).config)])
    store.disk.clearJournal()
    try store.layout.prepare()
    #expect(store.disk.journal(.commit) == [])
  }

  @Test func blobsAreWrittenOnceAndVerified() throws {
    let store = try TestStore()
    let digest = try store.layout.put(Array("hello".utf8))
    #expect(digest == .sha256("hello"))
    store.disk.clearJournal()
    #expect(try store.layout.put(Array("hello".utf8)) == digest)
    #expect(store.disk.isUntouched)
    let (again, size) = try store.layout.put(fileFrom: BytesReader(Array("hello".utf8), pieceSize: 2))
    #expect((again, size) == (digest, 5))
    #expect(store.disk.journal(.commit) == [])
    #expect(store.temporaryFiles == [])
    #expect(try store.layout.contents(ofBlob: digest, limit: 5) == Array("hello".utf8))
    #expect(throws: Failure.self) { try store.layout.contents(ofBlob: digest, limit: 4) }
    #expect(throws: Failure.self) { try store.layout.contents(ofBlob: .sha256("other"), limit: 4) }
    store.disk.write(store.path(digest), "hellO")
    #expect(throws: Failure.self) { try store.layout.contents(ofBlob: digest, limit: 5) }
    // Another size is made anew.
    store.disk.write(store.path(digest), "hell")
    try store.layout.put(Array("hello".utf8))
    #expect(store.disk.text(store.path(digest)) == "hello")
  }

  // MARK: conditions

  @Test func everyBlobOfAnImageCounts() throws {
    let store = try TestStore()
    let image = try store.add(one)
    for digest in [image.config, image.manifest, image.index] + image.layers.map(\.blob) {
      let bytes = try #require(store.disk.bytes(store.path(digest)))
      store.disk.delete(store.path(digest))
      guard case .missing(let what) = store.layout.condition(of: image.output) else {
        Issue.record("\(digest) does not count")
        continue
      }
      #expect(what.contains("\(digest.short)") && what.contains("\(image.config.short)"))
      store.disk.write(store.path(digest), bytes: bytes + [0])
      guard case .damaged = store.layout.condition(of: image.output) else {
        Issue.record("the size of \(digest) does not count")
        continue
      }
      store.disk.write(store.path(digest), bytes: bytes)
      #expect(store.layout.condition(of: image.output) == .intact)
    }
  }

  @Test func aDamagedRecordIsAMissingImage() throws {
    let store = try TestStore()
    let image = try store.add(one)
    let path = FilePath("/store/coppice/images/\(image.config.hex)")
    let text = try #require(store.disk.text(path))
    for index in text.indices where text[index].isNumber && text.distance(from: text.startIndex, to: index) % 7 == 0 {
      var changed = text
      changed.replaceSubrange(index...index, with: text[index] == "1" ? "2" : "1")
      store.disk.write(path, changed)
      #expect(store.layout.condition(of: image.output) != .intact)
    }
    #expect(try store.add(one) == image)
    #expect(store.layout.condition(of: image.output) == .intact)
  }

  @Test func filesHaveConditionsToo() throws {
    let store = try TestStore()
    let digest = try store.layout.put(Array("sif".utf8))
    let output = ArtifactOutput(digest: digest, size: 3)
    #expect(store.layout.conditionOfFile(output) == .intact)
    store.disk.write(store.path(digest), "si")
    #expect(isKind(store.layout.conditionOfFile(output), "damaged"))
    store.disk.delete(store.path(digest))
    #expect(isKind(store.layout.conditionOfFile(output), "missing"))
  }

  private func isKind(_ condition: OutputCondition, _ kind: String) -> Bool {
    switch condition {
    case .intact: kind == "intact"
    case .missing: kind == "missing"
    case .damaged: kind == "damaged"
    }
  }

  // MARK: fingerprints

  @Test func outputsAreRemembered() throws {
    let store = try TestStore()
    let fingerprint = Fingerprint(.sha256("f"))
    #expect(try store.layout.output(for: fingerprint) == nil)
    let outputs = [
      ArtifactOutput(digest: .sha256("1"), content: .sha256("2"), manifest: .sha256("3"), size: 5),
      ArtifactOutput(digest: .sha256("4"), size: 0),
      ArtifactOutput(digest: .sha256("4"), manifest: .sha256("3"), size: 1),
    ]
    for output in outputs {
      try store.layout.remember(output, for: fingerprint)
      #expect(try store.layout.output(for: fingerprint) == output)
    }
    try store.layout.remember(ArtifactOutput(digest: .sha256("9"), isAssumed: true), for: fingerprint)
    #expect(try store.layout.output(for: fingerprint) == outputs.last)
  }

  @Test func aDamagedMemoryIsNone() throws {
    let store = try TestStore()
    let fingerprint = Fingerprint(.sha256("f"))
    try store.layout.remember(ArtifactOutput(digest: .sha256("1"), size: 5), for: fingerprint)
    let hex = fingerprint.digest.hex
    let path = FilePath("/store/coppice/fingerprints/\(hex.prefix(2))/\(hex)")
    let bytes = try #require(store.disk.bytes(path))
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      store.disk.write(path, bytes: changed)
      #expect(try store.layout.output(for: fingerprint) == nil)
      store.disk.write(path, bytes: Array(bytes[..<index]))
      #expect(try store.layout.output(for: fingerprint) == nil)
    }
  }

  // MARK: names

  @Test func namesAreSortedAndReplaced() throws {
    let store = try TestStore()
    let (first, second) = (try store.add(one), try store.add(two))
    try store.layout.setNames([("cati/b:1", first.config), ("cati/a:1", second.config), ("other/x:1", first.config)])
    #expect(try store.layout.names() == ["cati/a:1": second.index, "cati/b:1": first.index, "other/x:1": first.index])
    try store.layout.setNames([("cati/c:1", first.config), ("other/x:1", second.config)]) { $0.hasPrefix("cati/") }
    #expect(try store.layout.names() == ["cati/c:1": first.index, "other/x:1": second.index])
    let bytes = store.disk.bytes("/store/index.json")
    try store.layout.setNames([("other/x:1", second.config), ("cati/c:1", first.config)]) { _ in true }
    #expect(store.disk.bytes("/store/index.json") == bytes)
    #expect(throws: Failure.self) { try store.layout.setNames([("cati/d:1", .sha256("unknown"))]) { _ in true } }
    #expect(store.disk.bytes("/store/index.json") == bytes)
  }

  @Test func namesOfOthersStay() throws {
    let store = try TestStore()
    let foreign = #"{"mediaType":"x","digest":"\#(Digest.sha256("x"))","size":1,"more":{"a":[1]}}"#
    store.disk.write("/store/index.json", #"{"schemaVersion":2,"manifests":[\#(foreign)]}"#)
    try store.layout.setNames([("a:1", try store.add(one).config)])
    let index = try JSONValue(parsing: try #require(store.disk.text("/store/index.json")))
    #expect(index["manifests"]?[0]?.text == foreign)
    #expect(index["manifests"]?.array?.count == 2)
  }

  @Test func aDamagedIndexIsPutAsideAndBegunAnew() throws {
    let store = try TestStore()
    let image = try store.add(one)
    for damage in ["", "{", "[1]", #"{"manifests":{}}"#] {
      store.disk.write("/store/index.json", damage)
      try store.layout.setNames([("a:1", image.config)])
      #expect(try store.layout.names() == ["a:1": image.index])
      #expect(store.disk.text("/store/coppice/damaged/index.json") == damage)
    }
  }

  // MARK: verify

  @Test func damagedBlobsAreMovedAsideAndMadeAnew() throws {
    let store = try TestStore()
    let (first, second) = (try store.add(one), try store.add(two))
    try store.layout.setNames([("a:1", first.config), ("a:2", second.config), ("a:latest", second.config)])
    var sizes = 0
    #expect(try store.layout.verify { sizes += $0 } == [])
    #expect(sizes > 0)
    let (shared, own) = (first.layers[0].blob, second.layers[1].blob)
    for digest in [shared, own] {
      var bytes = try #require(store.disk.bytes(store.path(digest)))
      bytes[bytes.count / 2] ^= 1
      store.disk.write(store.path(digest), bytes: bytes)
    }
    #expect(store.layout.condition(of: first.output) == .intact)
    let damage = Dictionary(uniqueKeysWithValues: try store.layout.verify().map { ($0.blob, $0) })
    #expect(damage.count == 2)
    #expect(damage[shared]?.images == [first.config, second.config].sorted())
    #expect(damage[shared]?.names == ["a:1", "a:2", "a:latest"])
    #expect(damage[own]?.names == ["a:2", "a:latest"])
    #expect(store.disk.exists("/store/coppice/damaged/\(shared.hex)"))
    #expect(store.layout.condition(of: first.output) != .intact)
    #expect(try store.add(one) == first)
    #expect(try store.add(two) == second)
    #expect(try store.layout.verify() == [])
  }
}
