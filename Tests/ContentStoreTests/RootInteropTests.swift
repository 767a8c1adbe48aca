import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

/// Against the trees that other programs make of the same images.
@Suite(.serialized) struct RootInteropTests {
  private let directory: TemporaryDirectory
  private let runner = PosixProcessRunner()

  init() throws { directory = try TemporaryDirectory() }

  @discardableResult private func run(_ arguments: String..., input: [UInt8] = []) async throws -> [UInt8] {
    let command = ProcessCommand(arguments, directory: directory.path, input: .bytes(input))
    let result = try await runner.capture(command, limit: 1 << 30)
    try #require(result.status.isSuccess, "\(arguments): \(String(decoding: result.errorOutput, as: UTF8.self))")
    return result.output
  }

  private func buildah(_ arguments: String...) async throws -> String {
    let storage = ["--root", "\(directory / "images")", "--runroot", "\(directory / "run")", "--storage-driver", "vfs"]
    let result = try await runner.capture(
      ProcessCommand(["buildah"] + storage + arguments, directory: directory.path), limit: 1 << 30)
    try #require(result.status.isSuccess, "\(arguments): \(String(decoding: result.errorOutput, as: UTF8.self))")
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
  }

  /// A real tree, packed by tar and unpacked by the reference.
  private func lines(ofTree path: String) async throws -> [String] {
    let archive = try await run(
      "tar", "--format=pax", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", path, "-cf", "-", ".")
    let reader = TarReader(BytesReader(archive), name: path)
    var entries: [RootEntry] = []
    while let read = try reader.next() {
      var entry = RootEntry("")
      (entry.path, entry.type) = (read.path, Character(UnicodeScalar(read.kind.rawValue)))
      (entry.mode, entry.uid, entry.gid, entry.modified) = (read.mode, read.uid, read.gid, read.modified)
      (entry.link, entry.attributes) = (read.link, read.attributes)
      entry.device = [read.deviceMajor, read.deviceMinor]
      entry.content = try reader.allBytes()
      entries.append(entry)
    }
    return ReferenceRoot([entries]).lines
  }

  private func expectEqual(_ layers: [LayerSource], treeAt path: String, describesRoot: Bool = true) async throws {
    let sink = RecordingSink()
    var ours = Set(try MergedRoot(layers: layers).read(into: sink).lines(sink.contents))
    var theirs = Set(try await lines(ofTree: path))
    // A root that no layer describes is the matter of each program.
    if !describesRoot { (ours, theirs) = (ours.filter { !$0.hasPrefix("/ ") }, theirs.filter { !$0.hasPrefix("/ ") }) }
    #expect(ours.subtracting(theirs).sorted() == [], "ours alone")
    #expect(theirs.subtracting(ours).sorted() == [], "theirs alone")
  }

  @Test(.enabled(if: have("buildah", "busybox", "tar"), "buildah, busybox or tar is not installed"))
  func buildahMountsTheSameTree() async throws {
    try directory.write(
      "context/Dockerfile",
      """
      FROM scratch
      COPY busybox /bin/busybox
      COPY busybox /bin/sh
      SHELL ["/bin/busybox", "sh", "-ec"]
      RUN busybox mkdir -p /etc /d/sub /opaque/x /tmp && cd /d && echo 1 > a && busybox ln a hard && busybox ln -s a soft \
       && echo 2 > sub/file && busybox mkfifo pipe && busybox chmod 4755 a \
       && busybox chown 70000:3000000 sub && echo x > /opaque/x/y && busybox touch -d '1960-01-01 00:00' sub/file \
       && busybox touch -d '2040-01-01 00:00' pipe && echo gone > /gone && echo f > /becomes-directory \
       && busybox mkdir /becomes-file && echo in > /becomes-file/in && busybox chmod 1777 /tmp
      RUN busybox rm /gone && busybox rm -r /opaque && busybox mkdir /opaque && echo new > /opaque/new \
       && busybox rm /becomes-directory && busybox mkdir /becomes-directory && echo in > /becomes-directory/in \
       && busybox rm -r /becomes-file && echo f > /becomes-file && busybox ln /d/a /etc/late && busybox mv /d/sub /moved
      RUN echo changed > /d/hard && busybox rm /d/a && busybox chmod 700 /d
      """)
    try await run("cp", "/bin/busybox", "context/busybox")
    let context = "\(directory / "context")"
    let id = try await buildah("bud", "-q", "--layers", "--isolation", "chroot", "--format", "docker", context)
    let mount = try await buildah("mount", try await buildah("from", "-q", "--pull-never", id))
    _ = try await buildah("push", "-q", id, "docker-archive:\(directory / "image.tar")")
    let layout = ImageLayout(root: directory / "store", files: directory.fileSystem)
    let image = try layout.importArchive(try directory.fileSystem.open(directory / "image.tar"))
    #expect(image.layers.count == 5)
    try await expectEqual(layout.layerSources(of: image), treeAt: mount, describesRoot: false)
  }

  /// What layers may hold and few do.
  private var nastyLayers: [[RootEntry]] {
    func entry(_ path: String, _ type: Character, _ change: (inout RootEntry) -> Void) -> RootEntry {
      var entry = RootEntry(path, type)
      change(&entry)
      return entry
    }
    let long = String(repeating: "n", count: 255)
    let capability: [UInt8] = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    let root = entry("./", "5") { ($0.mode, $0.modified) = (0o751, 5) }
    // Those that nobody describes get the time of unpacking there.
    let deep = (0...9).map { depth in
      RootEntry((["long"] + (0..<depth).map { _ in long }).joined(separator: "/") + "/", "5")
    }
    let base = [
      root, entry("d/", "5") { ($0.mode, $0.modified) = (0o2775, -5) }, RootEntry("d/a", "0", "old"),
      RootEntry("d/b", "1", link: "d/a"), RootEntry("d/c", "1", link: "/d/b"), RootEntry("s", "2", link: "/nowhere/.."),
      entry(long, "0") { ($0.uid, $0.gid, $0.mode) = (70_000, 4_000_000_000, 0o6755) },
      RootEntry("long/" + (0..<10).map { _ in long }.joined(separator: "/"), "0", "deep"),
      entry("bytes", "0") { ($0.path, $0.modified) = ([0xff, 0x20, 0x0a, 0xfe], -86_400 * 365 * 30) },
      entry("late", "0") { $0.modified = 1 << 33 },
      entry("capable", "0") {
        $0.attributes = [Array("security.capability".utf8): capability, Array("user.note".utf8): [0, 255, 10]]
      },
      entry("null", "3") { ($0.device, $0.mode) = ([1, 3], 0o666) },
      entry("disk", "4") { ($0.device, $0.gid) = ([259, 70_000], 6) }, RootEntry("pipe", "6"),
      RootEntry("opaque/", "5"), RootEntry("opaque/old"), RootEntry("x", "0", "file"), RootEntry("y/", "5"),
      RootEntry("y/z", "0", "file"),
      RootEntry("twice", "0", "first"), RootEntry("twice", "0", "second"), RootEntry("gone/deep/er"),
    ]
    let middle = [
      RootEntry("d/a", "0", "new"), RootEntry("x/", "5"), RootEntry("x/in", "0", "1"), RootEntry("y", "0", "now"),
      RootEntry("opaque/new"), RootEntry("opaque/.wh..wh..opq"), RootEntry("opaque/", "5"), RootEntry(".wh.gone"),
      RootEntry("link-below", "1", link: "./d/c"), RootEntry(".wh..wh.aufs"),
    ]
    let top = [
      RootEntry("x", "2", link: "y"), RootEntry("d/.wh.b"), RootEntry("y", "1", link: "d/a"), RootEntry(".wh.nothing"),
      RootEntry("gone/", "5"), root,
    ]
    return [base + deep, middle, top]
  }

  @Test(.enabled(if: have("umoci", "tar"), "umoci or tar is not installed"))
  func umociUnpacksTheSameTree() async throws {
    let tars = nastyLayers.map(RootEntry.tar)
    let config = TestImage(layers: tars).config
    var blobs = tars.map { gzip($0) }
    let layers = blobs.map { descriptor($0, "application/vnd.oci.image.layer.v1.tar+gzip") }.joined(separator: ",")
    let manifest = Array(
      #"{"schemaVersion":2,"config":\#(descriptor(config, "application/vnd.oci.image.config.v1+json")),"layers":[\#(layers)]}"#
        .utf8)
    let type = "application/vnd.oci.image.manifest.v1+json"
    let name = #","annotations":{"org.opencontainers.image.ref.name":"1"}}"#
    let index = #"{"schemaVersion":2,"manifests":[\#(descriptor(manifest, type).dropLast())\#(name)]}"#
    blobs += [config, manifest]
    for blob in blobs {
      let path = directory / "oci/blobs/sha256" / FilePath(Digest.sha256(blob).hex)
      try directory.fileSystem.createDirectory(path.parent)
      try directory.fileSystem.replace(path, with: blob, mode: 0o644)
    }
    try directory.write("oci/index.json", index)
    try directory.write("oci/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
    try await run("umoci", "raw", "unpack", "--image", "oci:1", "flat")
    try await expectEqual(sources(tars), treeAt: "flat")
  }

  private func descriptor(_ bytes: [UInt8], _ type: String) -> String {
    #"{"mediaType":"\#(type)","digest":"\#(Digest.sha256(bytes))","size":\#(bytes.count)}"#
  }
}
