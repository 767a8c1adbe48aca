import HostSystem
import ImageModel
import SIFFormat
import Testing
import TestSupport

/// The root file system of a SIF, as somebody else reads it.
struct ListedRoot {
  /// Who reads it.
  enum Reader { case kernel, unsquashfs }

  struct File {
    /// The fields of a line of Tests/lab/image-lines.
    var mode: Substring
    var owner: Substring
    var time: Substring
    /// How many names it has, and the first of them; of a directory nothing.
    var links: Substring
    var attributes: Substring
    /// Kind, size, content, target, number.
    var content: Substring
  }

  private(set) var files: [FilePath: File] = [:]

  /// Whether the kernel mounts files of a user who may mount at all.
  static var canMount: Bool {
    get async throws {
      guard Laboratory.isRoot, Laboratory.has("unshare"), Laboratory.has("losetup") else { return false }
      let result = try await Laboratory.run(["sh", "-c", "grep -qw squashfs /proc/filesystems && losetup --find"])
      return result.status.isSuccess
    }
  }

  /// As the kernel sees it, or else unsquashfs.
  init(_ sif: FilePath) async throws {
    try await self.init(sif, by: try await Self.canMount ? .kernel : .unsquashfs)
  }

  init(_ sif: FilePath, by reader: Reader) async throws {
    let directory = try TemporaryDirectory()
    let image = try SIFImage(reading: try Laboratory.files.openAnywhere(sif))
    let offset = try #require(image.primaryPartition).range.lowerBound
    let prepare =
      switch reader {
      case .kernel: "mkdir $2; mount -t squashfs -o loop,ro,offset=\(offset) $1 $2"
      case .unsquashfs: "unsquashfs -quiet -no-progress -offset \(offset) -d $2 $1"
      }
    // In mounts of its own: whatever is mounted there goes with the process.
    let result = try await Laboratory.run(
      ["unshare", "--mount", "\(Laboratory.sources / "Tests/lab/image-lines")", prepare, "\(sif)"], in: directory.path)
    try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
    for line in String(decoding: result.output, as: UTF8.self).split(separator: "\n") where line != "#" {
      let fields = line.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: false)
      try #require(fields.count == 9, "\(line)")
      let (count, name) = (fields[5], fields[6])
      files[Self.path(fields[0].dropFirst())] = File(
        mode: fields[1], owner: line[fields[2].startIndex..<fields[3].endIndex], time: fields[4],
        links: name.isEmpty ? "" : line[count.startIndex..<name.endIndex], attributes: fields[7], content: fields[8])
    }
  }

  private static func path(_ hexadecimal: Substring) -> FilePath {
    let digits = hexadecimal.utf8.map { $0 - ($0 < 0x3a ? 0x30 : 0x57) }
    return FilePath(bytes: stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }
}
