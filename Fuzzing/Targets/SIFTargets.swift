import HostSystem
import ImageModel
import TestSupport

@testable import SIFFormat

extension FuzzTarget {
  /// Whatever header and table say: ranges lie in the file and apart from each other.
  static let sif = FuzzTarget("sif", share: 8) { bytes in
    let file = MemoryFile(bytes, path: "a.sif")
    guard let image = try? SIFImage(reading: file) else { return }
    var end = 0
    for object in image.objects.sorted(by: { $0.offset < $1.offset }) where object.count > 0 {
      try require(object.offset >= end && object.range.upperBound <= bytes.count, "object \(object.id) lies outside")
      end = object.range.upperBound
      try require(try image.bytes(of: object, in: file).count == object.count, "object \(object.id) is read short")
    }
    let faults = try SIFVerification(image, in: file).faults
    try require(faults == faults.sorted { ($0.offset, $0.message) < ($1.offset, $1.message) }, "faults out of order")
    if let metadata = try? SIFMetadata(image, in: file) {
      _ = (metadata.labels, metadata.environment, metadata.runscript)
    }
    try checkRewrap(image, bytes)
  }

  /// What can be taken over is taken over byte for byte.
  private static func checkRewrap(_ image: SIFImage, _ bytes: [UInt8]) throws {
    let disk = InMemoryFileSystem()
    let writer = try SIFWriter(
      to: disk.root / "b.sif", objects: [], architecture: image.header.architecture, files: disk)
    do {
      try writer.takePartition(of: MemoryFile(bytes, path: "a.sif"), digest: .sha256(bytes))
    } catch is Failure {
      return
    }
    _ = try writer.finish()
    let new = disk.bytes("b.sif") ?? []
    let again = try SIFImage(reading: MemoryFile(new, path: "b.sif"))
    let (old, taken) = (image.primaryPartition, again.primaryPartition)
    try require(old.map { Array(bytes[$0.range]) } == taken.map { Array(new[$0.range]) }, "another partition")
  }

  /// Any image config: the scripts and objects that are made of it are whole, and twice the same.
  static let container = FuzzTarget("container") { bytes in
    guard let config = try? OCIConfig(bytes) else { return }
    let files = SingularityFiles(config, writer: "w")
    try require(files.files == SingularityFiles(config, writer: "w").files, "two runs differ")
    try require(files.files.allSatisfy { !$0.bytes.contains(0) }, "a script has a zero byte")
    try require(files.files.contains { $0.path == ".singularity.d/runscript" }, "there is no runscript")
  }
}
