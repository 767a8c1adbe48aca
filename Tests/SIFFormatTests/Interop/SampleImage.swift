import HostSystem
import ImageModel
import TestSupport

@testable import SIFFormat

/// A small image, as Apptainer and as we make a SIF of it, both in one directory: `theirs.sif` and `ours.sif`.
struct SampleImage {
  let directory: TemporaryDirectory
  let config: OCIConfig
  let apptainer: Apptainer
  private let files = PosixFileSystem()

  /// - Parameter config: the member `config` of the image's config.
  init(_ config: String, apptainer: Apptainer) async throws {
    directory = try TemporaryDirectory()
    self.apptainer = apptainer
    try files.createDirectory(directory / "root/bin")
    try files.createDirectory(directory / "root/etc")
    _ = try files.copy("/bin/busybox", to: directory / "root/bin/busybox", mode: 0o755)
    for name in ["sh", "cat", "env", "id", "ls", "echo", "true"] {
      try files.createLink(directory / FilePath("root/bin/\(name)"), to: "busybox")
    }
    try directory.write("root/bin/words", "#!/bin/sh\nfor word; do echo \"<$word>\"; done\n", mode: 0o755)
    try directory.write("root/etc/hosts", "of the image\n", mode: 0o600)
    try directory.write("root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    try directory.write("root/etc/group", "root:x:0:\n")
    try await apptainer.output(
      ["tar", "--sort=name", "--owner=0", "--group=0", "-cf", "layer.tar", "-C", "root", "."], in: directory.path)
    let diffID = try files.digest(of: directory / "layer.tar")
    let bytes = Array(
      #"{"os":"linux","architecture":"amd64","config":\#(config),"rootfs":{"type":"layers","diff_ids":["\#(diffID)"]}}"#
        .utf8)
    self.config = try OCIConfig(bytes)
    try makeLayout(config: bytes, layer: diffID)
    try await apptainer.output(["apptainer", "build", "theirs.sif", "oci:image"], in: directory.path)
    try await makeOurs()
  }

  private func makeLayout(config: [UInt8], layer: Digest) throws {
    func blob(_ bytes: [UInt8], _ type: String) throws -> String {
      let digest = Digest.sha256(bytes)
      try files.replace(directory / "image/blobs/sha256" / FilePath(digest.hex), with: bytes, mode: 0o644)
      return #"{"mediaType":"application/vnd.oci.image.\#(type)","digest":"\#(digest)","size":\#(bytes.count)}"#
    }
    try files.createDirectory(directory / "image/blobs/sha256")
    let tar = try files.contents(of: directory / "layer.tar", limit: 1 << 30)
    let layer = try blob(tar, "layer.v1.tar")
    let config = try blob(config, "config.v1+json")
    let manifest = try blob(
      Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]}"#.utf8), "manifest.v1+json")
    try directory.write("image/index.json", #"{"schemaVersion":2,"manifests":[\#(manifest)]}"#)
    try directory.write("image/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
  }

  /// The squashfs is that of mksquashfs: only what stands in it and around it is ours.
  private func makeOurs() async throws {
    let singularity = SingularityFiles(config, writer: "coppice test")
    let root = DirectoryRoot(directory / "root")
    for change in RootPlan(singularity, in: root).changes { try root.apply(change) }
    try await apptainer.output(
      ["mksquashfs", "root", "ours.sqfs", "-noappend", "-all-root", "-quiet", "-no-progress"], in: directory.path)
    let writer = try SIFWriter(
      to: directory / "ours.sif", objects: singularity.objects, architecture: try config.architecture(), files: files)
    let squashfs = try files.openAnywhere(directory / "ours.sqfs")
    for piece in stride(from: 0, to: squashfs.size, by: 1 << 20) {
      try squashfs.bytes(piece..<min(squashfs.size, piece + 1 << 20)).withUnsafeBytes { try writer.write($0) }
    }
    _ = try writer.finish()
  }

  /// Runs `apptainer` on both files, as root and as a user: `FILE` stands for the file.
  func both(_ words: [String]) async throws -> [(who: String, theirs: Apptainer.Run, ours: Apptainer.Run)] {
    var runs: [(String, Apptainer.Run, Apptainer.Run)] = []
    for isUser in [false, true] {
      func run(_ file: String) async throws -> Apptainer.Run {
        try await apptainer.run(words.map { $0 == "FILE" ? file : $0 }, in: directory.path, asUser: isUser)
      }
      runs.append((isUser ? "user" : "root", try await run("theirs.sif"), try await run("ours.sif")))
    }
    return runs
  }
}
