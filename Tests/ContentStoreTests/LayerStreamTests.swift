import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

struct LayerStreamTests {
  private func source(
    _ blob: [UInt8], of tar: [UInt8], mediaType: String? = nil, promised: Digest? = nil
  ) -> LayerSource {
    LayerSource(
      name: "layer 1", blob: promised ?? .sha256(blob), diffID: .sha256(tar), mediaType: mediaType
    ) { BytesReader(blob, pieceSize: 3000) }
  }

  private func read(_ layer: LayerSource, limit: Int = .max) throws -> [UInt8] {
    let stream = try LayerStream(layer, limit: limit)
    var (bytes, buffer) = ([UInt8](), [UInt8]())
    while true {
      let count = try stream.exchange(&buffer)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch let failure as Failure {
      return failure.help == nil ? "without help: \(failure)" : failure.message
    } catch {
      return "no Failure: \(error)"
    }
  }

  @Test func everyPackingGivesTheSameTar() throws {
    for seed in Soak.seeds(60) {
      var random = SeededGenerator(seed: seed)
      let big = TestEntry("big", bytes: random.bytes(random.once(in: 4) ? 1 << 18 : 100))
      let tar = tar(random.entries() + [big])
      let pieces = tar.cut(&random)
      var packed = [
        tar, gzip(tar), zstd(tar), pieces.flatMap { gzip($0) }, pieces.flatMap { zstd($0) },
        skippableFrame(random.bytes(9)) + pieces.flatMap { zstd($0) + skippableFrame(random.bytes(3)) },
      ]
      var own: [UInt8] = []
      let members = GzipMembers { own += $0 }
      try tar.withUnsafeBytes { try members.write($0) }
      try members.finish()
      packed += [own, own + gzip([])]
      for (index, blob) in packed.enumerated() {
        #expect(try read(source(blob, of: tar)) == tar, "seed \(seed), packing \(index)")
        if index == 0 { continue }
        #expect(try read(source(blob + [UInt8](repeating: 0, count: 700), of: tar)) == tar, "\(seed), \(index)")
      }
    }
  }

  @Test func membersOfEverySizeAreRead() throws {
    // Around what libdeflate gets as a whole.
    let size = GzipMember.size
    let sizes = [0, 1, size - 1, size, size + 1, 3 * size, 5, size]
    let bytes = (0..<sizes.reduce(0, +)).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    let tar = TestEntry("f", bytes: bytes).bytes
    var (blob, start) = (gzip(Array(tar[..<512])), 512)
    for size in sizes {
      blob += gzip(Array(tar[start..<start + size]), level: 1)
      start += size
    }
    blob += gzip(Array(tar[start...]))
    #expect(try read(source(blob, of: tar)) == tar)
  }

  @Test func theMediaTypeMustAgree() throws {
    let tar = tar([TestEntry("a", "b")])
    let base = "application/vnd.oci.image.layer.v1.tar"
    let docker = "application/vnd.docker.image.rootfs.diff.tar"
    for (suffix, blob) in [("", tar), ("+gzip", gzip(tar)), ("+zstd", zstd(tar))] {
      #expect(try read(source(blob, of: tar, mediaType: base + suffix)) == tar)
      for other in ["", "+gzip", "+zstd"] where other != suffix {
        let text = message { _ = try read(source(blob, of: tar, mediaType: base + other)) }
        #expect(text?.contains("should be") == true && text?.contains("layer 1") == true)
      }
    }
    #expect(try read(source(gzip(tar), of: tar, mediaType: docker + ".gzip")) == tar)
    for type in [base + "+encrypted", "application/vnd.sylabs.image.layer.v1.squashfs", "text/plain"] {
      #expect(message { _ = try read(source(tar, of: tar, mediaType: type)) }?.contains("not a tar") == true)
    }
  }

  @Test func bothDigestsAreVerified() throws {
    let tar = tar([TestEntry("a", "b")])
    for blob in [tar, gzip(tar), zstd(tar)] {
      #expect(message { _ = try read(source(blob, of: tar, promised: .sha256("x"))) }?.contains("should be") == true)
      #expect(message { _ = try read(source(blob, of: Array("x".utf8))) }?.contains("should be") == true)
    }
  }

  @Test func aBombStopsAtTheLimit() throws {
    let tar = TestEntry("f", bytes: [UInt8](repeating: 0, count: 1 << 22)).bytes
    for blob in [tar, gzip(tar), zstd(tar)] {
      let text = message { _ = try read(source(blob, of: tar), limit: 1 << 21) }
      #expect(text == "layer 1 has more than 2097152 bytes when decompressed")
    }
  }

  @Test func whatIsNoLayerIsNamed() throws {
    for bytes in ["BZh9xxxx", "\u{7f}ELF", "hsqs"] {
      let blob = Array(bytes.utf8)
      #expect(message { _ = try read(source(blob, of: blob)) }?.contains("neither gzip nor zstd nor a tar") == true)
    }
  }

  /// A blob of which its digest is known: any damage is found, and none is explained as something else.
  @Test func damageIsAlwaysFound() throws {
    var random = SeededGenerator(seed: 3)
    let tar = tar(random.entries() + random.entries())
    for blob in [tar, gzip(tar), zstd(tar)] {
      for _ in 0..<200 * Soak.factor {
        var damaged = blob
        if random.once(in: 2) {
          damaged.removeLast(Int.random(in: 1...blob.count, using: &random))
        } else {
          damaged[Int.random(in: 0..<blob.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        let layer = LayerSource(name: "layer 1", blob: .sha256(blob), diffID: .sha256(tar)) { [damaged] in
          BytesReader(damaged)
        }
        let text = message { _ = try MergedRoot(layers: [layer]).read(into: RecordingSink()) }
        #expect(text?.contains("layer 1") == true, "\(text ?? "nothing")")
        #expect(text?.contains("without help") == false)
      }
    }
  }

  @Test func aReaderThatIsLeftLetsTheThreadGo() throws {
    let tar = TestEntry("f", bytes: [UInt8](repeating: 0, count: 9 << 20)).bytes
    for _ in 0..<20 {
      let stream = try LayerStream(source(tar, of: tar), limit: .max)
      var buffer: [UInt8] = []
      #expect(try stream.exchange(&buffer) > 0)
    }
  }
}
