import Glibc
import HostSystem
import ImageModel
import SquashFS
import Testing

/// `COPPICE_SQUASH_SPEED=DIRECTORY swift test -c release --filter SpeedTests` writes all files below it, without keeping
/// the image, and prints how fast that was.
struct SpeedTests {
  private static let directory = getenv("COPPICE_SQUASH_SPEED").map { String(cString: $0) }

  @Test(
    .enabled(if: directory != nil, "for people: COPPICE_SQUASH_SPEED=/usr"),
    arguments: [SquashfsCompression.gzip(), .zstd()])
  func writingIsFast(compression: SquashfsCompression) throws {
    final class Nowhere: SquashfsSink {
      func append(_ bytes: UnsafeRawBufferPointer, digest: Digest?, isTaken: Bool) {}
      func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) {}
    }
    let files = PosixFileSystem()
    var options = SquashfsWriter.Options()
    (options.compression, options.threads) = (compression, 2)
    let writer = try SquashfsWriter(to: Nowhere(), options: options)
    var tree = SquashfsTree(root: .init(mode: 0o755))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    let clock = ContinuousClock()
    var (total, reading) = (0, Duration.zero)
    var open = [(FilePath(Self.directory ?? "/usr"), SquashfsTree.root)]
    let start = clock.now
    while let (path, node) = open.popLast() {
      for entry in try files.entries(of: path) {
        let name = entry.name.bytes
        switch entry.status.kind {
        case .directory:
          open.append((path / entry.name, try tree.add(.directory, .init(mode: 0o755), named: name, in: node)))
        case .regular:
          let reader = try files.open(path / entry.name)
          writer.beginFile(size: entry.status.size)
          var rest = entry.status.size
          while rest > 0 {
            let before = clock.now
            let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(rest)))
            reading += clock.now - before
            try #require(count > 0)
            try writer.content(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            rest -= count
          }
          total += entry.status.size
          try tree.add(.file(try writer.endFile()), .init(mode: entry.status.mode), named: name, in: node)
        default: break
        }
      }
    }
    let report = try writer.finish(tree)
    let seconds =
      Double((clock.now - start).components.seconds) + Double((clock.now - start).components.attoseconds) / 1e18
    var usage = rusage()
    getrusage(__rusage_who_t(0), &usage)
    print(
      "\(compression): \(ByteCount(total)) became \(ByteCount(report.size)) in \(seconds) s, \(Int(Double(total) / seconds / 1e6)) MB/s,"
        + " of which reading took \(reading); peak memory of the process \(usage.ru_maxrss / 1024) MB")
  }
}
