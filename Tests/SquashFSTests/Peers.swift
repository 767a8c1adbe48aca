import Glibc
import HostSystem
import ImageModel
import TestSupport

/// Others that read images: the kernel, and the tools that everybody has.
enum Peers {
  static let isRoot = getuid() == 0

  static func has(_ programs: String...) -> Bool {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return programs.allSatisfy { program in
      path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
  }

  /// Runs `prepare` (a shell command) for each image, with its path as `$1` and a directory as `$2`: Tests/lab/image-lines.
  /// - Returns: what then lies in the directory, as `ModelTree.lines` says it.
  static func lines(of images: [[UInt8]], _ prepare: String) async throws -> [[String]] {
    let directory = try TemporaryDirectory()
    for (index, image) in images.enumerated() {
      try directory.fileSystem.replace(directory / FilePath("\(index).sqfs"), with: image, mode: 0o644)
    }
    let script = FilePath(#filePath).parent.parent / "lab/image-lines"
    // A name space of our own: whatever is mounted there goes with the process.
    let result = try await PosixProcessRunner().capture(
      ProcessCommand(
        ["unshare", "-m", "\(script)", prepare] + images.indices.map { "\($0).sqfs" }, directory: directory.path),
      limit: 1 << 28)
    guard result.status.isSuccess else {
      throw Failure(String(decoding: result.errorOutput, as: UTF8.self))
    }
    let text = String(decoding: result.output, as: UTF8.self)
    return text.split(separator: "#\n", omittingEmptySubsequences: false).dropLast()
      .map { $0.split(separator: "\n").map(String.init).sorted() }
  }
}
