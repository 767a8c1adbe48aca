import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// An image, and what Apptainer and we make of it, all in one directory: `image`, `theirs.sif`, `ours.sif`.
struct ConvertedImage {
  let directory: TemporaryDirectory
  let apptainer: Apptainer

  /// - Parameter make: writes `image`, a layout with one image, into a directory.
  init(apptainer: Apptainer, _ make: (TemporaryDirectory) async throws -> Void) async throws {
    directory = try TemporaryDirectory()
    self.apptainer = apptainer
    try await make(directory)
  }

  /// A small image.
  /// - Parameter config: the member `config` of its config.
  init(config: String, apptainer: Apptainer) async throws {
    try await self.init(apptainer: apptainer) { directory in
      try await Self.makeSmallImage(config, in: directory)
    }
    try await makeTheirs()
    try await makeOurs()
  }

  // MARK: conversion

  func makeTheirs(_ options: String...) async throws {
    try await apptainer.output(["apptainer", "build"] + options + ["theirs.sif", "oci:image"], in: directory.path)
  }

  func makeOurs(_ name: String = "ours.sif", _ options: String..., asUser isUser: Bool = false) async throws {
    // Users do not write there.
    let parent = directory / "of-user"
    if isUser {
      try Laboratory.files.createDirectory(parent)
      try Laboratory.files.setMode(0o777, of: parent)
    }
    let output = isUser ? parent / FilePath(name) : directory / FilePath(name)
    let words = ["sif", "build"] + options + ["\(output)", "oci:image"]
    let program = (Laboratory.binaries / "coppice").description
    let become = isUser ? ["setpriv", "--reuid=1500", "--regid=1500", "--clear-groups"] : []
    try await Laboratory.succeed(become + [program] + words, in: directory.path)
    if isUser { try Laboratory.files.rename(output, to: directory / FilePath(name)) }
  }

  func coppice(_ words: String...) async throws -> ProcessResult {
    try await Laboratory.run([(Laboratory.binaries / "coppice").description] + words, in: directory.path)
  }

  /// The digest of its config.
  func id() throws -> String {
    func json(_ path: FilePath) throws -> JSONValue {
      try JSONValue(parsing: try Laboratory.files.contents(of: directory / path, limit: 1 << 20))
    }
    let manifest = try #require(try json("image/index.json")["manifests"]?[0]?["digest"]?.string.flatMap { Digest($0) })
    return try #require(try json("image/blobs/sha256" / FilePath(manifest.hex))["config"]?["digest"]?.string)
  }

  func digest(_ name: FilePath) throws -> Digest { try Laboratory.files.digest(of: directory / name) }

  /// Runs `apptainer` on their file and ours, as root and as a user: `FILE` stands for the file.
  func both(
    _ words: [String], ours: String = "ours.sif"
  ) async throws -> [(who: String, theirs: Apptainer.Run, ours: Apptainer.Run)] {
    @Sendable func run(_ file: String, asUser isUser: Bool) async throws -> Apptainer.Run {
      try await apptainer.run(words.map { $0 == "FILE" ? file : $0 }, in: directory.path, asUser: isUser)
    }
    var runs: [(String, Apptainer.Run, Apptainer.Run)] = []
    for isUser in [false, true] {
      async let theirs = run("theirs.sif", asUser: isUser)
      async let ours = run(ours, asUser: isUser)
      runs.append((isUser ? "user" : "root", try await theirs, try await ours))
    }
    return runs
  }

  // MARK: the small image

  private static func makeSmallImage(_ config: String, in directory: TemporaryDirectory) async throws {
    let files = Laboratory.files
    try files.createDirectory(directory / "root/bin")
    try files.createDirectory(directory / "root/etc")
    _ = try files.copy(Laboratory.busybox, to: directory / "root/bin/busybox", mode: 0o755)
    for name in ["sh", "cat", "env", "id", "ls", "echo", "sort", "true"] {
      try files.createLink(directory / FilePath("root/bin/\(name)"), to: "busybox")
    }
    try directory.write("root/bin/words", "#!/bin/sh\nfor word; do echo \"<$word>\"; done\n", mode: 0o755)
    try directory.write("root/etc/hosts", "of the image\n", mode: 0o600)
    try directory.write("root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    try directory.write("root/etc/group", "root:x:0:\n")
    try await Laboratory.succeed(
      ["tar", "--sort=name", "--owner=0", "--group=0", "-cf", "layer.tar", "-C", "root", "."], in: directory.path)
    func blob(_ bytes: [UInt8], _ type: String) throws -> String {
      let digest = Digest.sha256(bytes)
      try files.replace(directory / "image/blobs/sha256" / FilePath(digest.hex), with: bytes, mode: 0o644)
      return #"{"mediaType":"application/vnd.oci.image.\#(type)","digest":"\#(digest)","size":\#(bytes.count)}"#
    }
    try files.createDirectory(directory / "image/blobs/sha256")
    let tar = try files.contents(of: directory / "layer.tar", limit: 1 << 30)
    let layer = try blob(tar, "layer.v1.tar")
    let rootfs = #"{"type":"layers","diff_ids":["\#(Digest.sha256(tar))"]}"#
    let image = try blob(
      Array(#"{"os":"linux","architecture":"amd64","config":\#(config),"rootfs":\#(rootfs)}"#.utf8), "config.v1+json")
    let manifest = try blob(
      Array(#"{"schemaVersion":2,"config":\#(image),"layers":[\#(layer)]}"#.utf8), "manifest.v1+json")
    try directory.write("image/index.json", #"{"schemaVersion":2,"manifests":[\#(manifest)]}"#)
    try directory.write("image/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
  }
}
