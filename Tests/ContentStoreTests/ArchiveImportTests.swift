import ContentStore
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

struct ArchiveImportTests {
  @Test(arguments: TestImage.Form.allCases) func everyFormOfArchiveGivesTheSameImage(_ form: TestImage.Form) throws {
    for seed in 0..<20 {
      var random = SeededGenerator(seed: seed)
      let image = random.image()
      let store = try TestStore()
      let stored = try store.add(image, form)
      #expect(stored.config == image.id)
      #expect(try store.layout.contents(ofBlob: stored.config) == image.config)
      #expect(stored.layers.map(\.diffID) == image.layers.map { .sha256($0) })
      #expect(store.layout.condition(of: stored.output) == .intact)
      #expect(store.temporaryFiles == [])
      let other = try TestStore()
      #expect(try other.add(image, .buildah) == stored)
    }
  }

  @Test func layersDecompressToTheSameTar() throws {
    var random = SeededGenerator(seed: 3)
    // Over several members, the last one short; and exactly two.
    for count in [0, 1, (3 << 20) + 12345, 2 << 20] {
      let layer = tar([TestEntry("f", bytes: random.bytes(count))])
      let store = try TestStore()
      let stored = try store.add(TestImage(layers: [layer]))
      #expect(try store.layout.open(layer: stored.layers[0]).allBytes() == layer)
      #expect(stored.layers[0].uncompressedSize == layer.count)
    }
  }

  @Test func exportsComeBackAsTheSameImage() throws {
    for seed in 100..<140 {
      var random = SeededGenerator(seed: seed)
      let image = random.image()
      let (store, other) = (try TestStore(), try TestStore())
      let stored = try store.add(image)
      let archive = try store.export(stored.config, [try ImageReference("cati/x:1")])
      #expect(try other.layout.importArchive(BytesReader(archive)) == stored)
    }
  }

  @Test func exportsNameTheImage() throws {
    let store = try TestStore()
    let stored = try store.add(TestImage(layers: [tar([TestEntry("a", "b")])]))
    let archive = try store.export(
      stored.config,
      [try ImageReference("cati/x:1"), try ImageReference("localhost/y:2"), try ImageReference("untagged")])
    let reader = TarReader(BytesReader(archive), name: "export")
    var manifest: JSONValue?
    while let entry = try reader.next() {
      if entry.name == "manifest.json" { manifest = try JSONValue(parsing: try reader.allBytes()) }
    }
    #expect(manifest?[0]?["RepoTags"]?.strings == ["cati/x:1", "localhost/y:2"])
  }

  @Test func theManifestIsDockersAndAlwaysTheSame() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")])])
    let store = try TestStore()
    let stored = try store.add(image, .legacy)
    let bytes = try store.layout.contents(ofBlob: stored.manifest)
    let layer = stored.layers[0]
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"#
        + #""mediaType":"application/vnd.docker.container.image.v1+json","digest":"\#(image.id)","#
        + #""size":\#(image.config.count)},"layers":[{"#
        + #""mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"\#(layer.blob)","#
        + #""size":\#(layer.size)}]}"#)
    #expect(stored.output.size == bytes.count + image.config.count + layer.size)
  }

  @Test(arguments: TestImage.Form.allCases) func aKnownLayerIsNotWrittenAgain(_ form: TestImage.Form) throws {
    var random = SeededGenerator(seed: 9)
    let layers = (0..<3).map { _ in tar(random.entries()) }
    let store = try TestStore()
    try store.add(TestImage(layers: layers))
    let before = Set(store.disk.files(below: "/store/blobs"))
    store.disk.clearJournal()
    try store.add(TestImage(layers: layers, environment: "A=other"), form)
    // Config, manifest, index.
    #expect(Set(store.disk.files(below: "/store/blobs")).subtracting(before).count == 3)
    #expect(store.disk.journal(.commit).filter { $0.description.contains("blobs") }.count == 3)
  }

  @Test func aLayerWhoseBlobIsGoneIsMadeAnew() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")])])
    for form in [TestImage.Form.buildah, .legacy] {
      let store = try TestStore()
      let stored = try store.add(image)
      store.disk.delete(store.path(stored.layers[0].blob))
      #expect(store.layout.condition(of: stored.output) != .intact)
      #expect(try store.add(image, form) == stored)
      #expect(store.layout.condition(of: stored.output) == .intact)
    }
  }

  @Test func compressedLayersKeepTheirBytes() throws {
    let layer = tar([TestEntry("a", "b"), TestEntry("c", bytes: [UInt8](repeating: 7, count: 3 << 20))])
    let first = try TestStore()
    let stored = try first.add(TestImage(layers: [layer]))
    let compressed = try first.layout.contents(ofBlob: stored.layers[0].blob)
    // Level and cut of another writer: each half a member, zeros at the end.
    let zeros = [UInt8](repeating: 0, count: 100)
    var image = TestImage(layers: [layer]).entries(.legacy)
    for (index, entry) in image.enumerated() where entry.path.hasSuffix("layer.tar") {
      image[index].content = compressed + zeros
    }
    let store = try TestStore()
    let other = try store.layout.importArchive(BytesReader(tar(image)))
    #expect(other.config == stored.config)
    #expect(other.layers[0].blob == .sha256(compressed + zeros))
    #expect(try store.layout.open(layer: other.layers[0]).allBytes() == layer)
  }

  @Test func everyCutArchiveIsRefused() throws {
    var random = SeededGenerator(seed: 1)
    let image = TestImage(layers: [tar(random.entries()), tar(random.entries())])
    for form in TestImage.Form.allCases {
      let archive = image.archive(form)
      let store = try TestStore()
      // What is needed ends before the last entries and the two blocks of zeros.
      let end = archive.count - 1024 - 8192
      for _ in 0..<40 {
        let cut = Int.random(in: 0..<max(1, min(end, archive.count / 2)), using: &random)
        #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(Array(archive[..<cut]))) }
      }
      #expect(try store.layout.image(image.id) == nil)
      #expect(store.temporaryFiles == [])
    }
  }

  @Test func aWrongLayerIsRefusedAndNamed() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")]), tar([TestEntry("c", "d")])])
    for form in [TestImage.Form.buildah, .legacy, .layout, .oci] {
      var entries = image.entries(form)
      let index = try #require(entries.firstIndex { $0.content == image.layers[1] })
      entries[index].content = tar([TestEntry("c", "e")])
      let store = try TestStore()
      let failure = #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(tar(entries))) }
      #expect(failure?.message.contains(entries[index].path) == true)
      #expect(failure?.message.contains("\(Digest.sha256(image.layers[1]))") == true)
      #expect(try store.layout.image(image.id) == nil)
    }
  }

  @Test func aKnownNameDoesNotVouchForOtherBytes() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")])])
    let store = try TestStore()
    try store.add(image)
    var entries = TestImage(layers: image.layers, environment: "A=c").entries(.buildah)
    entries[0].content = tar([TestEntry("a", "evil")])
    #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(tar(entries))) }
  }

  @Test func countAndOrderOfLayersMustBeThoseOfTheConfig() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")]), tar([TestEntry("c", "d")])])
    let ids = image.layers.map { #""\#(Digest.sha256($0).hex).tar""# }
    for list in [[ids[1], ids[0]], [ids[0]], ids + [ids[0]], []] {
      var entries = image.entries(.buildah)
      let index = try #require(entries.firstIndex { $0.path == "manifest.json" })
      entries[index] = TestEntry(
        "manifest.json", #"[{"Config":"\#(image.id.hex).json","Layers":[\#(list.joined(separator: ","))]}]"#)
      let store = try TestStore()
      #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(tar(entries))) }
    }
  }

  @Test func hostileArchivesTouchNothingOutside() throws {
    var entries = TestImage(layers: [tar([TestEntry("../../../etc/passwd", "x"), TestEntry("/etc/shadow", "y")])])
      .entries(.buildah)
    entries.insert(TestEntry("../../../evil.json", "{}"), at: 0)
    entries.insert(TestEntry("/absolute.json", "{}"), at: 0)
    entries.insert(.symbolicLink("loop", to: "loop"), at: 0)
    entries.insert(.symbolicLink("blobs", to: "/"), at: 0)
    let store = try TestStore()
    _ = try store.layout.importArchive(BytesReader(tar(entries)))
    #expect(store.disk.files(below: "/").allSatisfy { $0.isBelow("store") })
  }

  @Test(arguments: [
    #"[]"#, #"{}"#, #"[{},{}]"#, #"nonsense"#, #"[{"Config":5,"Layers":[]}]"#, #"[{"Config":"loop","Layers":[]}]"#,
    #"[{"Config":"nothing","Layers":[]}]"#, #"[{"Config":"manifest.json","Layers":["manifest.json"]}]"#,
  ])
  func badManifestsAreErrors(_ manifest: String) throws {
    let store = try TestStore()
    let archive = tar([.symbolicLink("loop", to: "loop"), TestEntry("manifest.json", manifest)])
    #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(archive)) }
  }

  @Test(arguments: TestImage.Form.allCases) func otherDigestsThanSHA256AreRefusedByName(_ form: TestImage.Form) throws {
    let store = try TestStore()
    let image = TestImage(layers: [tar([TestEntry("a", "1")])], diffID: "sha512:" + String(repeating: "0", count: 128))
    #expect {
      try store.add(image, form)
    } throws: {
      "\($0)".contains("rootfs.diff_ids: 'sha512:000000000000…' is not a SHA-256 digest")
    }
    // Of the descriptors that lead to the config.
    let entries = TestImage(layers: []).entries(.oci).map { entry in
      var entry = entry
      guard entry.path == "index.json" || entry.path.hasPrefix("blobs/") else { return entry }
      entry.content = Array(String(decoding: entry.content, as: UTF8.self).replacing("sha256:", with: "sha512:").utf8)
      return entry
    }
    #expect {
      try store.layout.importArchive(BytesReader(tar(entries)))
    } throws: {
      "\($0)".contains("is not a SHA-256 digest")
    }
  }

  @Test func bombsAreRefused() throws {
    let layer = tar([TestEntry("zeros", bytes: [UInt8](repeating: 0, count: 4 << 20))])
    let first = try TestStore()
    let stored = try first.add(TestImage(layers: [layer]))
    let compressed = try first.layout.contents(ofBlob: stored.layers[0].blob)
    var limits = ArchiveLimits()
    limits.layer = 1 << 20
    for content in [layer, compressed] {
      let store = try TestStore()
      let archive = tar([TestEntry("a/layer.tar", bytes: content)])
      #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(archive), limits: limits) }
      #expect(store.temporaryFiles == [])
      #expect(store.disk.files(below: "/store/blobs") == [])
    }
    limits = ArchiveLimits()
    limits.documents = 1000
    let documents = tar((0..<20).map { TestEntry("\($0).json", "{}") })
    #expect(throws: Failure.self) {
      try TestStore().layout.importArchive(BytesReader(documents), limits: limits)
    }
    limits.listing = 1000
    let many = TestImage(layers: [tar((0..<50).map { TestEntry("f\($0)") })])
    #expect(throws: Failure.self) {
      try TestStore().layout.importArchive(BytesReader(many.archive(.buildah)), limits: limits)
    }
  }

  @Test func layersOfZstdBecomeGzip() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")]), tar([TestEntry("c", "d")])])
    for form in [TestImage.Form.legacy, .layout] {
      var entries = image.entries(form)
      for index in entries.indices where image.layers.contains(entries[index].content) {
        entries[index].content = zstd(entries[index].content)
        if form == .layout { entries[index].path = "blobs/sha256/\(Digest.sha256(entries[index].content).hex)" }
      }
      if form == .layout {
        let names = image.layers.map { #""blobs/sha256/\#(Digest.sha256(zstd($0)).hex)""# }.joined(separator: ",")
        let config = "blobs/sha256/\(image.id.hex)"
        entries.append(TestEntry("manifest.json", #"[{"Config":"\#(config)","Layers":[\#(names)]}]"#))
      }
      let store = try TestStore()
      let stored = try store.layout.importArchive(BytesReader(tar(entries)))
      let plain = try TestStore().add(image, .buildah)
      #expect(stored == plain)
      #expect(store.temporaryFiles == [])
    }
  }

  @Test func aDamagedLayerOfZstdIsRefused() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")])])
    var entries = image.entries(.legacy)
    let index = try #require(entries.firstIndex { $0.path.hasSuffix("layer.tar") })
    entries[index].content = zstd(image.layers[0]).dropLast(9) + [UInt8](repeating: 1, count: 600)
    let store = try TestStore()
    #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(tar(entries))) }
    #expect(store.temporaryFiles == [])
  }

  /// A layer that is put aside in a file, not in memory, since its name tells nothing.
  @Test func largeLayersUnderOtherNamesLeaveNoTemporaryFile() throws {
    var random = SeededGenerator(seed: 5)
    let image = TestImage(layers: [tar([TestEntry("f", bytes: random.bytes(20 << 20))])])
    let store = try TestStore()
    let stored = try store.layout.importArchive(BytesReader(image.archive(.legacy)))
    #expect(stored.layers[0].diffID == .sha256(image.layers[0]))
    #expect(store.temporaryFiles == [])
  }
}
