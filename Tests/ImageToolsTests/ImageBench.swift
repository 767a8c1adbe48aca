import ContentStore
import HostSystem
import ImageModel
import TestSupport

/// A content store with small images and files, and the tools of others.
struct ImageBench: Sendable {
  let directory: TemporaryDirectory
  let store: ImageLayout
  let processes = PosixProcessRunner()

  init(isInMemory: Bool = false) throws {
    directory = try TemporaryDirectory(isInMemory: isInMemory)
    store = ImageLayout(root: directory / "store", files: PosixFileSystem())
    try store.prepare()
  }

  @discardableResult func run(_ words: String...) async throws -> String {
    let result = try await processes.capture(ProcessCommand(words))
    guard result.status.isSuccess else { throw Failure(String(decoding: result.errorOutput, as: UTF8.self)) }
    return String(decoding: result.output, as: UTF8.self)
  }

  /// An image whose layers have one file each.
  func image(_ layers: [[UInt8]]) async throws -> StoredImage {
    let files = PosixFileSystem()
    var (names, ids): ([String], [String]) = ([], [])
    for (index, content) in layers.enumerated() {
      try files.createDirectory(directory / "image")
      try files.replace(directory / FilePath("file\(index)"), with: content, mode: 0o644)
      let path = "\(directory.path)/image/layer\(index).tar"
      _ = try await run("tar", "-C", "\(directory.path)", "--mtime=@0", "-cf", path, "file\(index)")
      names.append("\"layer\(index).tar\"")
      ids.append("\"\(try files.digest(of: FilePath(path)))\"")
    }
    try directory.write(
      "image/config.json",
      #"{"os":"linux","architecture":"amd64","config":{},"rootfs":{"type":"layers","diff_ids":["#
        + ids.joined(separator: ",") + "]}}")
    try directory.write(
      "image/manifest.json",
      #"[{"Config":"config.json","RepoTags":[],"Layers":["# + names.joined(separator: ",") + "]}]")
    _ = try await run("tar", "-C", "\(directory.path)/image", "-cf", "\(directory.path)/image.tar", ".")
    return try await onBlockingThread { [store, directory] in
      try store.importArchive(try PosixFileSystem().open(directory / "image.tar"))
    }
  }

  func content(_ count: Int, _ seed: Int) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
  }
}
