import Glibc
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import coppice

/// `sif build` of images that somebody made to do harm: a clear error and nothing written, or a file that is whole.
@Suite struct HostileImageTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()

  init() throws { directory = try TemporaryDirectory() }

  private func build(_ source: String) async throws -> (code: ExitCode, errors: String) {
    let line = try CommandLineRequest(["sif", "build", "out.sif", source])
    let (output, errors) = (Recording(), Recording())
    let invocation = Invocation(
      request: line.request, global: line.global, environment: ["TMPDIR": "\(directory / "tmp")"],
      currentDirectory: directory.path, output: output.output, errorOutput: errors.output, isOutputTerminal: false,
      style: .plain, diagnostics: DiagnosticText(directory: directory.path), size: { .standard })
    return (await coppice.run(invocation), errors.text)
  }

  /// - Parameter words: of the error; nil when a file must come out.
  private func expect(
    _ words: String?, from source: String, _ sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    try files.createDirectory(directory / "tmp")
    let before = try names()
    let (code, errors) = try await build(source)
    if let words {
      #expect(code == .failure && errors.contains("error: "), "\(errors)", sourceLocation: sourceLocation)
      #expect(errors.contains(words), "\(errors)", sourceLocation: sourceLocation)
      #expect(errors.utf8.count < 2000 && !errors.contains("\u{1b}"), sourceLocation: sourceLocation)
      #expect(try names() == before, sourceLocation: sourceLocation)
    } else {
      #expect(code == .success, "\(errors)", sourceLocation: sourceLocation)
      let line = try CommandLineRequest(["sif", "verify", "out.sif"])
      let quiet = Recording()
      let verify = Invocation(
        request: line.request, global: line.global, environment: [:], currentDirectory: directory.path,
        output: quiet.output, errorOutput: quiet.output, isOutputTerminal: false, style: .plain,
        diagnostics: DiagnosticText(directory: directory.path), size: { .standard })
      #expect(await coppice.run(verify) == .success, "\(quiet.text)", sourceLocation: sourceLocation)
    }
  }

  /// All that is there, the temporary directory included.
  private func names() throws -> [FilePath] {
    try (files.names(of: directory.path) + files.names(of: directory / "tmp")).map(\.name)
  }

  // MARK: layers

  struct Layer: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]
    /// Nil when a file must come out.
    var words: String?

    init(_ name: String, _ entries: [RawEntry], _ words: String?) {
      (testDescription, self.words) = (name, words)
      bytes = entries.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024)
    }

    init(_ name: String, bytes: [UInt8], _ words: String?) {
      (testDescription, self.bytes, self.words) = (name, bytes, words)
    }
  }

  private static let layers: [Layer] = [
    Layer("nothing wrong", [RawEntry("a")], nil),
    Layer("no entry", [], nil),
    Layer(
      "a name of a billion bytes", [RawEntry("././@LongLink", "L", size: 1_000_000_000)],
      "has 1000000000 bytes of names"),
    Layer(
      "a link name of a billion bytes", [RawEntry("././@LongLink", "K", size: 1_000_000_000)],
      "has 1000000000 bytes of names"),
    Layer("records of a billion bytes", [RawEntry("pax", "x", size: 1_000_000_000)], "has 1000000000 bytes of names"),
    Layer(
      "a record that says it has a billion bytes", [RawEntry("pax", "x", text: "1000000000 path=a\n"), RawEntry("a")],
      "a PAX record has no valid length"),
    Layer("a size that is no number", [.pax("size", "-100"), RawEntry("a")], "the PAX record `size` is not a number"),
    Layer(
      "more bytes than there are", [RawEntry("a", size: 1 << 30)], "the archive ends 1073740800 bytes before its end"),
    Layer(
      "a size of eight exbibytes", [.pax("size", "9223372036854775807"), RawEntry("a")],
      "the archive ends 9223372036854774783 bytes before its end"),
    Layer("a path out of the root", [RawEntry("a/../../../../tmp/escaped")], "it would lie outside of the root"),
    Layer("a path from the root of the host", [RawEntry("/etc/coppice-hostile")], nil),
    Layer(
      "a link to what is not there", [RawEntry("a", "1", link: "nowhere")],
      "the target of its hard link, `nowhere`, does not exist"),
    Layer("a link to itself", [RawEntry("a", "1", link: "a")], "the target of its hard link, `a`, does not exist"),
    Layer(
      "a circle of links", [RawEntry("a", "1", link: "b"), RawEntry("b", "1", link: "a")],
      "the target of its hard link, `b`, does not exist"),
    Layer(
      "a link to a directory", [RawEntry("d", "5"), RawEntry("a", "1", link: "d")],
      "the target of its hard link, `d`, is a directory"),
    Layer(
      "a link out of the root", [RawEntry("a", "1", link: "../../etc/passwd")],
      "the target of its link would lie outside of the root"),
    Layer("a file below a file", [RawEntry("a", text: "x"), RawEntry("a/b", text: "y")], nil),
    Layer(
      "below a link out of the root", [RawEntry("l", "2", link: "/tmp"), RawEntry("l/coppice-hostile", text: "x")], nil),
    Layer("a type that nobody knows", [RawEntry("a", "Z")], "it is of a type that layers do not have"),
    Layer("an owner beyond all", [.pax("uid", "1099511627776"), RawEntry("a")], "it belongs to user 1099511627776"),
    Layer(
      "a name that squashfs cannot hold", [.pax("path", String(repeating: "n", count: 301)), RawEntry("a")], "nnn`"),
    Layer("a device beyond all", [RawEntry("a", "3", devices: "77777777")], "it is the device 16777215,16777215"),
    Layer(
      "a wrong checksum",
      bytes: Array(RawEntry("a").bytes.map { $0 == 0x61 ? 0x62 : $0 }) + [UInt8](repeating: 0, count: 1024),
      "is neither gzip nor zstd nor a tar archive"),
    Layer(
      "holes of many terabytes", [RawEntry.sparse("a", size: [0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])],
      "its holes are too large"),
    Layer("JSON", bytes: Array(#"{"layers":[]}"#.utf8), "is neither gzip nor zstd nor a tar archive"),
    Layer(
      "cut off in a header", bytes: Array(RawEntry("a").bytes.prefix(300)), "is neither gzip nor zstd nor a tar archive"
    ),
    Layer(
      "cut off in a file", bytes: Array(RawEntry("a", text: String(repeating: "x", count: 900)).bytes.prefix(700)),
      "the archive ends 712 bytes before its end"),
    Layer("terminal sequences", [RawEntry("\u{1b}]0;x\u{7}", "1", link: "\u{1b}[2J")], "the target of its hard link"),
    Layer("thousands of directories one in the other", [RawEntry.deep(20_000)], nil),
  ]

  @Test(arguments: layers) func layersDoNoHarm(_ layer: Layer) async throws {
    try write(layer.bytes)
    try await expect(layer.words, from: "oci:layout")
    for path in ["/etc/coppice-hostile", "/tmp/coppice-hostile", "/tmp/escaped"] as [FilePath] {
      #expect(try files.statusIfPresent(of: path) == nil)
    }
  }

  @Test func aLayerThatIsNotWhatItsDigestSaysIsNoFile() async throws {
    let layer = RawEntry("a").bytes + [UInt8](repeating: 0, count: 1024)
    try write(layer, digest: .sha256("another"))
    try await expect("should be sha256:", from: "oci:layout")
    let blob = directory / "layout/blobs/sha256" / FilePath(Digest.sha256(layer).hex)
    try write(layer)
    var other = layer
    other[600] = 1
    try files.replace(blob, with: other, mode: 0o644)
    try await expect("should be sha256:", from: "oci:layout")
    // What is no file is not waited for.
    try files.remove(blob)
    #expect(mkfifo(blob.description, 0o644) == 0)
    try await expect("is missing", from: "oci:layout")
    try files.remove(blob)
    try files.createDirectory(blob)
    try await expect("is missing", from: "oci:layout")
    try files.removeTree(blob)
    try files.createLink(blob, to: "/etc/passwd")
    try await expect("leads out of it", from: "oci:layout")
    try write(layer, descriptor: #""digest":"\#(Digest.sha256("gone"))","size":3,"urls":["https://layers.example/x"]"#)
    try await expect("is not distributed with the image: it is at https://layers.example/x", from: "oci:layout")
  }

  @Test(arguments: [
    ("", "is not valid: the text is empty"), ("[]", "is not valid: it is not an object"),
    ("{}", "it has 1 layers, its config names 0"),
    (#"{"rootfs":{"diff_ids":"x"}}"#, "rootfs.diff_ids is not a list of digests"),
    (#"{"rootfs":{"diff_ids":["sha256:0"]}}"#, "rootfs.diff_ids: 'sha256:0' is no digest"),
    (
      #"{"os":"linux","architecture":"../../x","rootfs":{"diff_ids":["DIFF"]}}"#,
      "SIF has no code for that architecture"
    ),
    (
      #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["DIFF","DIFF"]}}"#,
      "it has 1 layers, its config names 2"
    ),
    (
      #"{"os":"linux","architecture":"amd64","config":{"Env":[7,{}],"Cmd":"x"},"rootfs":{"diff_ids":["DIFF"]}}"#,
      "config.Cmd is not a list of strings"
    ),
    (
      #"{"os":"linux","architecture":"amd64","created":"the day before","config":7,"rootfs":{"diff_ids":["DIFF"]}}"#,
      "config is not an object"
    ),
    (
      #"{"os":"linux","architecture":"amd64","config":{"Cmd":["\u0000"]},"rootfs":{"diff_ids":["DIFF"]}}"#,
      "config.Cmd has a zero byte"
    ),
    (String(repeating: "[", count: 200_000), "maximum parsing depth reached"),
  ]) func configsDoNoHarm(_ config: String, _ words: String) async throws {
    let layer = RawEntry("a").bytes + [UInt8](repeating: 0, count: 1024)
    try write(layer, config: config.replacing("DIFF", with: "\(Digest.sha256(layer))"))
    try await expect(words, from: "oci:layout")
  }

  @Test func scriptsOfTheImageAreWordsOnly() async throws {
    let layer = RawEntry("a").bytes + [UInt8](repeating: 0, count: 1024)
    let words = #"["'; touch /tmp/coppice-hostile; '","$(touch /tmp/coppice-hostile)","`x`","\n"]"#
    try write(
      layer,
      config:
        #"{"os":"linux","architecture":"amd64","config":{"Cmd":\#(words),"Env":["A=$(x)","=","B"],"Labels":{"":"\u001b[2J"}},"#
        + #""rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#)
    try await expect(nil, from: "oci:layout")
  }

  // MARK: archives

  private static let layer = RawEntry("a").bytes + [UInt8](repeating: 0, count: 1024)
  private static let config =
    #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#

  private static func manifest(_ config: String, _ layer: String) -> RawEntry {
    RawEntry("manifest.json", text: #"[{"Config":"\#(config)","RepoTags":null,"Layers":["\#(layer)"]}]"#)
  }

  private static let archives: [Layer] = [
    Layer(
      "nothing wrong",
      [RawEntry("c", text: config), RawEntry("l", bytes: layer), manifest("c", "l")], nil),
    Layer("nothing", bytes: [], "it has neither index.json nor manifest.json"),
    Layer("no manifest", [RawEntry("c", text: config)], "it has neither index.json nor manifest.json"),
    Layer(
      "a manifest that is a directory", [RawEntry("manifest.json", "5")], "it has neither index.json nor manifest.json"),
    Layer(
      "a manifest that is a link out", [RawEntry("manifest.json", "2", link: "/etc/passwd")],
      "it has neither index.json nor manifest.json"),
    Layer(
      "a config out of the archive", [manifest("../../../../etc/passwd", "l")],
      "its config `../../../../etc/passwd` is missing"),
    Layer(
      "a layer out of the archive", [RawEntry("c", text: config), manifest("c", "/etc/passwd")],
      "the layer `/etc/passwd` is missing"),
    Layer(
      "links in a circle",
      [RawEntry("c", text: config), RawEntry("l", "2", link: "m"), RawEntry("m", "2", link: "l"), manifest("c", "l")],
      "the layer `l` is missing"),
    Layer(
      "a layer that is a device", [RawEntry("c", text: config), RawEntry("l", "3"), manifest("c", "l")],
      "the layer `l` is missing"),
    Layer("a manifest without images", [RawEntry("manifest.json", text: "[]")], "it holds 0 images instead of one"),
    Layer("a manifest of numbers", [RawEntry("manifest.json", text: "[1,2]")], "its manifest.json is not docker's"),
    Layer(
      "a manifest of a billion bytes", [RawEntry("manifest.json", size: 1_000_000_000)],
      "the archive ends before its end"),
    Layer(
      "a sparse manifest", [RawEntry.sparse("manifest.json", size: [0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])],
      "its holes are too large"),
  ]

  @Test(arguments: archives) func archivesDoNoHarm(_ archive: Layer) async throws {
    try files.replace(directory / "a.tar", with: archive.bytes, mode: 0o644)
    try await expect(archive.words, from: "docker-archive:a.tar")
  }

  /// A layout of one image of one layer.
  private func write(
    _ layer: [UInt8], config: String? = nil, descriptor: String? = nil, digest: Digest? = nil
  ) throws {
    try files.createDirectory(directory / "layout/blobs/sha256")
    func blob(_ bytes: [UInt8]) throws -> String {
      let digest = Digest.sha256(bytes)
      try files.replace(directory / "layout/blobs/sha256" / FilePath(digest.hex), with: bytes, mode: 0o644)
      return #""digest":"\#(digest)","size":\#(bytes.count)"#
    }
    let diffID = digest ?? .sha256(layer)
    let config =
      config ?? #"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["\#(diffID)"]}}"#
    let layer = try descriptor ?? blob(layer)
    let manifest = try blob(Array(#"{"config":{\#(try blob(Array(config.utf8)))},"layers":[{\#(layer)}]}"#.utf8))
    try files.replace(
      directory / "layout/index.json", with: Array(#"{"manifests":[{\#(manifest)}]}"#.utf8), mode: 0o644)
  }
}

/// An entry of a tar archive in which every field may lie.
struct RawEntry: Sendable {
  var bytes: [UInt8]

  init(
    _ name: String, _ type: Character = "0", text: String = "", size: Int? = nil, link: String = "",
    devices: String = "0000000"
  ) {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ value: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: max(0, 11 - digits.count)) + digits
    }
    put(name, 0)
    put("0000644", 100)
    put("0000000", 108)
    put("0000000", 116)
    put(octal(size ?? text.utf8.count), 124)
    put(octal(1000), 136)
    put("        ", 148)
    put(String(type), 156)
    put(link, 157)
    put("ustar\u{0}00", 257)
    put(devices, 329)
    put(devices, 337)
    bytes = Self.sealed(block) + text.utf8 + [UInt8](repeating: 0, count: -text.utf8.count & 511)
  }

  init(_ name: String, bytes contents: [UInt8]) {
    self.init(name, size: contents.count)
    bytes += contents + [UInt8](repeating: 0, count: -contents.count & 511)
  }

  private static func sealed(_ block: [UInt8]) -> [UInt8] {
    var block = block
    block.replaceSubrange(148..<156, with: "        ".utf8)
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    let digits = String(repeating: "0", count: 6 - sum.count) + sum
    block.replaceSubrange(148..<156, with: Array(digits.utf8) + [0, 32])
    return block
  }

  /// A file of GNU's old form that has nothing but holes.
  /// - Parameter size: twelve bytes.
  static func sparse(_ name: String, size: [UInt8]) -> RawEntry {
    var entry = RawEntry(name, "S")
    var block = Array(entry.bytes.prefix(512))
    block.replaceSubrange(257..<265, with: "ustar  \u{0}".utf8)
    block.replaceSubrange(483..<483 + size.count, with: size)
    entry.bytes = sealed(block)
    return entry
  }

  /// A directory below so many others.
  static func deep(_ depth: Int) -> RawEntry {
    var entry = pax("path", String(repeating: "d/", count: depth))
    entry.bytes += RawEntry("d", "5").bytes
    return entry
  }

  /// A record of what the next header has no room for.
  static func pax(_ key: String, _ value: String) -> RawEntry {
    let rest = " \(key)=\(value)\n".utf8.count
    var count = rest
    while "\(count)".utf8.count + rest != count { count = "\(count)".utf8.count + rest }
    return RawEntry("pax", "x", text: "\(count) \(key)=\(value)\n")
  }
}
