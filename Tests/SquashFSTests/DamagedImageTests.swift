import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SquashFS

struct DamagedImageTests {
  @Test func whatIsNoImageIsRefusedWithItsReason() throws {
    var tree = ModelTree()
    tree.add("file".utf8, .file(Array("content".utf8)))
    let sink = MemorySink()
    _ = try tree.write(to: sink, SquashfsWriter.Options())
    func message(_ change: (inout [UInt8]) -> Void) -> String {
      var bytes = sink.bytes
      change(&bytes)
      do {
        _ = try SquashfsReader(MemorySource(FileBytes(bytes)), name: "x.sif").verify()
        return "verified"
      } catch {
        return "\(error)"
      }
    }
    #expect(message { _ in } == "verified")
    #expect(message { $0[0] = 0 } == "x.sif is no squashfs image of version 4.0")
    #expect(message { $0 = Array($0.prefix(50)) } == "x.sif is no squashfs image of version 4.0")
    #expect(message { $0[20] = 4 } == "x.sif is compressed with xz")
    #expect(message { $0 = Array($0.prefix(200)) }.hasPrefix("x.sif is damaged: it has 200 of its"))
  }

  /// Bytes of a small image, changed (all of them when soaking): an error or another image, never a crash.
  @Test func noByteMakesTheReaderCrash() throws {
    var random = SeededGenerator(seed: 3)
    for compression in [SquashfsCompression.gzip(), .zstd()] {
      var (options, sink) = (SquashfsWriter.Options(), MemorySink())
      options.compression = compression
      var tree = random.tree(entries: 12)
      for index in tree.nodes.indices {
        if case .file(let bytes) = tree.nodes[index].kind { tree.nodes[index].kind = .file(Array(bytes.prefix(100))) }
      }
      _ = try tree.write(to: sink, options)
      let used = try sink.reader().size
      for place in 0..<used where Soak.factor > 1 || random.once(in: 5) {
        for bit in [0, Int.random(in: 1...7, using: &random)] {
          var bytes = sink.bytes
          bytes[place] ^= 1 << UInt8(bit)
          _ = try? SquashfsReader(MemorySource(FileBytes(bytes)), name: "image").verify()
        }
      }
      sink = MemorySink()
    }
  }
}
