import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

struct ImageSourceTests {
  private func archive(_ bytes: [UInt8]) throws -> ImageArchive {
    try ImageArchive(MemoryFile(bytes, path: "/a.tar"), name: "archive")
  }

  private func tars(_ image: SourceImage) throws -> [[UInt8]] {
    try image.layers.reversed().map { try $0.open().allBytes() }
  }

  @Test(arguments: TestImage.Form.allCases) func everyFormOfArchiveGivesTheSameImage(_ form: TestImage.Form) throws {
    for seed in Soak.seeds(20) {
      var random = SeededGenerator(seed: seed)
      let image = random.image()
      let found = try archive(image.archive(form)).image(named: nil, platform: nil)
      #expect(found.config == image.config)
      #expect(found.layers.map(\.diffID) == image.layers.reversed().map { .sha256($0) })
      #expect(try tars(found) == image.layers)
      #expect(found.platform == Platform(os: "linux", architecture: "amd64"))
    }
  }

  @Test func aWholeArchiveMayBeCompressed() throws {
    var random = SeededGenerator(seed: 1)
    let image = random.image()
    let disk = InMemoryFileSystem()
    let plain = image.archive(.layout)
    for (name, bytes) in [("a.tar", plain), ("a.tar.gz", gzip(plain)), ("a.tar.zst", zstd(plain))] {
      disk.write(FilePath(name), bytes: bytes)
      let spool = ArchiveSpool(in: disk.root / "tmp", files: disk)
      try disk.createDirectory(disk.root / "tmp")
      let found = try ImageArchive(disk.root / FilePath(name), files: disk, spool: spool)
        .image(named: nil, platform: nil)
      #expect(try found.config == image.config && tars(found) == image.layers)
      #expect(disk.files(below: "tmp").isEmpty)
    }
  }

  @Test func anArchiveWithoutEndDoesNotFillTheDisk() throws {
    let disk = InMemoryFileSystem()
    try disk.createDirectory("/tmp")
    disk.write("a.tar.gz", bytes: gzip(tar([TestEntry("zeros", bytes: [UInt8](repeating: 0, count: 3 << 20))])))
    disk.limitSpace(to: 2 << 20)
    let spool = ArchiveSpool(in: "/tmp", files: disk, reserve: 1 << 20)
    #expect {
      try ImageArchive(disk.root / "a.tar.gz", files: disk, spool: spool)
    } throws: {
      ($0 as? Failure)?.message == "/tmp is nearly full: the archive of the image is not kept"
    }
    #expect(disk.files(below: "/tmp").isEmpty)
  }

  @Test func contentsOfLargeArchivesAreNotReadToFindThem() throws {
    let layer = tar([TestEntry("big", bytes: [UInt8](repeating: 1, count: 4 << 20))])
    let file = CountingFile(TestImage(layers: [layer, layer]).archive(.legacy))
    _ = try ImageArchive(file, name: "archive")
    #expect(file.count.withLock { $0 } < 1 << 18)
  }

  @Test func cutArchivesAreRefused() throws {
    var random = SeededGenerator(seed: 4)
    let image = TestImage(layers: [tar(random.entries()), tar(random.entries())])
    for form in TestImage.Form.allCases {
      let bytes = image.archive(form)
      for _ in Soak.seeds(60) {
        let cut = Int.random(in: 0..<bytes.count - 1024, using: &random)
        // What was cut may be what nobody needs.
        guard let found = try? archive(Array(bytes[..<cut])).image(named: nil, platform: nil) else { continue }
        #expect(try tars(found) == image.layers, "\(form) \(cut)")
      }
    }
  }

  // MARK: layouts

  private func layout(_ layout: TestLayout, _ name: String? = nil, _ platform: String? = nil) throws -> SourceImage {
    let disk = InMemoryFileSystem()
    for (path, bytes) in layout.files { disk.write(FilePath("layout/" + path), bytes: bytes) }
    return try LayoutDirectory(disk.root / "layout", files: disk)
      .image(named: name, platform: platform.flatMap { Platform($0) })
  }

  private func failure(_ test: TestLayout, _ name: String? = nil, _ platform: String? = nil) -> Failure? {
    do {
      _ = try layout(test, name, platform)
      return nil
    } catch {
      return error as? Failure
    }
  }

  @Test func imagesAreFoundByAnyOfTheirNames() throws {
    var test = TestLayout()
    let one = test.image("amd64", "one")
    let two = test.image("amd64", "two")
    test.index([
      one.named("docker.io/library/app:1.0"),
      two.with(
        #""annotations":{"org.opencontainers.image.ref.name":"2","io.containerd.image.name":"registry.example/b:2"}"#),
    ])
    for (name, expected) in [
      ("docker.io/library/app:1.0", one), ("app:1.0", one), ("1.0", one), ("2", two), ("registry.example/b:2", two),
    ] {
      #expect(try layout(test, name).config == expected.config, "\(name)")
    }
    #expect(failure(test)?.help == "choose by name: there are docker.io/library/app:1.0, 2")
    #expect(failure(test, "3")?.message.hasSuffix("it has no image `3`") == true)
  }

  @Test func nestedIndexesAreSearchedForThePlatform() throws {
    var test = TestLayout()
    let images = ["amd64", "arm64", "s390x"].map { test.image($0, $0) }
    let attestation = test.image("unknown", "attestation")
    let inner = test.nested(
      images.map(\.withPlatform) + [attestation.with(#""platform":{"os":"unknown","architecture":"unknown"}"#)])
    test.index([test.nested([inner])].map { $0.named("app:1") })
    for (image, architecture) in zip(images, ["amd64", "arm64", "s390x"]) {
      #expect(try layout(test, "app:1", "linux/\(architecture)").config == image.config)
    }
    #expect(failure(test, nil, "linux/ppc64le")?.help == "it has linux/amd64, linux/arm64, linux/s390x")
  }

  @Test func theOnlyImageIsTakenWhateverItIsForUnlessAPlatformIsNamed() throws {
    var test = TestLayout()
    let image = test.image("s390x", "x")
    test.index([image])
    #expect(try layout(test).platform?.architecture == "s390x")
    #expect(failure(test, nil, "linux/arm64")?.help == "it has linux/s390x")
  }

  @Test func nothingIsReadThroughALinkThatLeadsOut() throws {
    var test = TestLayout()
    let image = test.image("amd64", "x")
    test.index([image])
    let config = "blobs/sha256/" + Digest.sha256(image.config).hex
    let disk = InMemoryFileSystem()
    for (path, bytes) in test.files where path != config { disk.write(FilePath("layout/" + path), bytes: bytes) }
    disk.write("secret", bytes: image.config)
    disk.link(FilePath("layout/" + config), to: "../../../secret")
    let layout = try LayoutDirectory(disk.root / "layout", files: disk)
    #expect(throws: Failure.self) { try layout.image(named: nil, platform: nil) }
  }

  @Test func whatIsNotAsItsDescriptorSaysIsRefused() throws {
    var test = TestLayout()
    let image = test.image("amd64", "x")
    test.index([image])
    for path in test.files.keys where path.hasPrefix("blobs") {
      var other = test
      other.files[path] = (other.files[path] ?? []) + [32]
      let fault = failure(other)
      #expect(fault != nil, "a byte more: \(path)")
      other.files[path] = nil
      #expect(failure(other)?.message.contains("is missing") == true, "\(path)")
    }
    let config = "blobs/sha256/" + Digest.sha256(image.config).hex
    var other = test
    other.files[config]?[5] ^= 1
    #expect(failure(other)?.message.contains("its config sha256:") == true)
  }

  @Test func whatADescriptorHoldsIsNotLookedForElsewhere() throws {
    var test = TestLayout()
    let layer = tar([TestEntry("file", "inline")])
    let config = Array(
      #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#.utf8)
    func inline(_ bytes: [UInt8], _ data: [UInt8]) -> String {
      #"{"digest":"\#(Digest.sha256(bytes))","size":\#(bytes.count),"data":"\#(Base64.encode(data))"}"#
    }
    func index(_ layerData: [UInt8]) {
      let manifest = Array(#"{"config":\#(inline(config, config)),"layers":[\#(inline(layer, layerData))]}"#.utf8)
      test.files["index.json"] = Array(#"{"manifests":[\#(inline(manifest, manifest))]}"#.utf8)
    }
    index(layer)
    let image = try layout(test)
    #expect(try image.config == config && tars(image) == [layer])
    index(Array(layer.dropLast()))
    #expect(failure(test)?.message.contains("are not what it says") == true)
  }

  @Test func aLayerThatLiesElsewhereIsReadOrTold() throws {
    var test = TestLayout()
    let layer = tar([TestEntry("file", "foreign")])
    let (blob, config) = (
      test.blob(layer),
      test.blob(
        Array(#"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#.utf8))
    )
    let type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    let foreign = blob.with(#""mediaType":"\#(type)","urls":["https://layers.example/\u001bx"]"#)
    test.index([test.blob(Array(#"{"config":{\#(config.members)},"layers":[{\#(foreign.members)}]}"#.utf8))])
    #expect(try tars(layout(test)) == [layer])
    test.files["blobs/sha256/" + blob.digest.hex] = nil
    let fault = failure(test)
    #expect(fault?.message.contains("is not distributed with the image: it is at https://layers.example/") == true)
    #expect(fault?.message.contains("\u{1b}") == false && fault?.help?.contains("all of its layers") == true)
  }

  private static let hostile: [(index: String, words: String)] = [
    ("", "is not JSON"), ("[]", "0 images"), ("{}", "0 images"), (#"{"manifests":7}"#, "0 images"),
    (#"{"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}"#, "has no image"),
    (#"{"manifests":[{"digest":"sha512:00","size":1}]}"#, "has no image"),
    (#"{"manifests":[{"digest":"sha256:\#(String(repeating: "0", count: 64))","size":1}]}"#, "is missing"),
    (#"{"manifests":[{"digest":"sha256:\#(String(repeating: "0", count: 64))","size":-1}]}"#, "has no image"),
    (#"{"manifests":[{"digest":"sha256:\#(String(repeating: "0", count: 64))","size":"1"}]}"#, "has no image"),
    (#"{"manifests":["x",null,[],{}]}"#, "has no image"),
  ]

  @Test(arguments: hostile) func hostileIndexesAreFaults(_ index: String, _ words: String) {
    let fault = failure(TestLayout(files: ["index.json": Array(index.utf8)]))
    #expect(fault?.message.contains(words) == true && fault?.help != nil, "\(fault?.message ?? "none")")
  }

  @Test(arguments: [
    (#"{"config":{"digest":"x"},"layers":[]}"#, "'x' is no digest"),
    (#"{"config":{},"layers":[]}"#, "names no config"), (#"{"layers":[]}"#, "names no config"),
    (#"{"config":{"digest":"DIGEST"}}"#, "no list of layers"),
    (
      #"{"config":{"digest":"DIGEST","mediaType":"application/vnd.sylabs.sif.config.v1+json"},"layers":[]}"#,
      "no image of a container"
    ),
    (#"{"config":{"digest":"DIGEST"},"layers":[{"digest":"DIGEST","size":-3}]}"#, "is no number"),
    (#"{"config":{"digest":"DIGEST"},"layers":[7]}"#, "has no digest"),
    (#"{"config":{"digest":"DIGEST"},"layers":[{"digest":"DIGEST"}]}"#, "1 layers, its config names 0"),
    (#"{"schemaVersion":1,"fsLayers":[]}"#, "docker's old format"), (#"{"manifests":[],"layers":[]}"#, "neither"),
    ("[", "no manifest"),
  ]) func hostileManifestsAreFaults(_ manifest: String, _ words: String) {
    var test = TestLayout()
    let config = test.blob(Array(#"{"os":"linux","architecture":"amd64"}"#.utf8))
    let bytes = manifest.replacing("DIGEST", with: "\(config.digest)")
    test.index([test.blob(Array(bytes.utf8))])
    let fault = failure(test)
    #expect(fault?.message.contains(words) == true && fault?.help != nil, "\(fault?.message ?? "none")")
  }

  @Test func indexesThatHoldNothingButIndexesEnd() {
    var test = TestLayout()
    var inner = test.nested([])
    for _ in 0..<40 { inner = test.nested([inner, inner, inner]) }
    test.index([inner])
    #expect(failure(test)?.message.contains("has no image for") == true)
  }

  @Test func anArchiveOfSeveralImagesIsAskedByName() throws {
    let images = ["one", "two"].map { TestImage(layers: [tar([TestEntry($0, $0)])], environment: "A=\($0)") }
    let entries = images.enumerated().flatMap { number, image in
      [TestEntry("\(number).json", bytes: image.config), TestEntry("\(number)/layer.tar", bytes: image.layers[0])]
    }
    let manifest =
      #"[{"Config":"0.json","RepoTags":["app:1","app:latest"],"Layers":["0/layer.tar"]},"#
      + #"{"Config":"1.json","RepoTags":["registry.example/app:2"],"Layers":["1/layer.tar"]}]"#
    let archive = try archive(tar(entries + [TestEntry("manifest.json", manifest)]))
    #expect(try archive.image(named: "app:1", platform: nil).config == images[0].config)
    #expect(try archive.image(named: "docker.io/library/app:latest", platform: nil).config == images[0].config)
    #expect(try archive.image(named: "2", platform: nil).config == images[1].config)
    #expect(throws: Failure.self) { try archive.image(named: nil, platform: nil) }
    #expect(throws: Failure.self) { try archive.image(named: "app", platform: Platform("linux/arm64")) }
  }
}

/// The files of a layout as a test makes them.
struct TestLayout {
  var files: [String: [UInt8]] = [:]

  /// A blob and how it is named.
  struct Blob {
    var digest: Digest
    var members: String
    var config: [UInt8] = []
    var architecture = ""

    func with(_ more: String) -> Blob {
      var blob = self
      blob.members += "," + more
      return blob
    }

    func named(_ name: String) -> Blob {
      with(#""annotations":{"org.opencontainers.image.ref.name":"\#(name)"}"#)
    }

    var withPlatform: Blob { with(#""platform":{"os":"linux","architecture":"\#(architecture)"}"#) }
  }

  mutating func blob(_ bytes: [UInt8]) -> Blob {
    let digest = Digest.sha256(bytes)
    files["blobs/sha256/" + digest.hex] = bytes
    return Blob(digest: digest, members: #""digest":"\#(digest)","size":\#(bytes.count)"#)
  }

  mutating func image(_ architecture: String, _ content: String) -> Blob {
    let layer = tar([TestEntry("file", content)])
    let config = Array(
      #"{"os":"linux","architecture":"\#(architecture)","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#.utf8)
    let (layerBlob, configBlob) = (blob(layer), blob(config))
    var image = blob(Array(#"{"config":{\#(configBlob.members)},"layers":[{\#(layerBlob.members)}]}"#.utf8))
    (image.config, image.architecture) = (config, architecture)
    return image
  }

  mutating func nested(_ blobs: [Blob]) -> Blob {
    let list = blobs.map { "{\($0.members)}" }.joined(separator: ",")
    return blob(Array(#"{"manifests":[\#(list)]}"#.utf8))
      .with(#""mediaType":"application/vnd.oci.image.index.v1+json""#)
  }

  mutating func index(_ blobs: [Blob]) {
    let list = blobs.map { "{\($0.members)}" }.joined(separator: ",")
    files["index.json"] = Array(#"{"manifests":[\#(list)]}"#.utf8)
  }
}

/// Counts the bytes that are read.
private final class CountingFile: RandomAccessFile {
  let path: FilePath = "/counted"
  let count = Locked(0)
  private let file: MemoryFile

  init(_ bytes: [UInt8]) { file = MemoryFile(bytes, path: "/counted") }

  var size: Int { file.size }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let read = file.read(at: offset, into: buffer)
    count.withLock { $0 += read }
    return read
  }
}
