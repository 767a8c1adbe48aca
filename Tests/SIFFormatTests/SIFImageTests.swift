import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SIFFormat

struct SIFImageTests {
  /// Where the second slot of the table lies.
  private static let slot = 4096 + 585

  private func message(_ bytes: [UInt8]) -> String? {
    do {
      _ = try SIFImage(bytes: bytes)
      return nil
    } catch {
      return (error as? Failure)?.message ?? "\(error)"
    }
  }

  @Test func hostileNumbersAreRefusedWithTheirPlace() throws {
    let bytes = try WrittenBytes.of()
    let size = bytes.count
    let cases: [(bytes: [UInt8], message: String)] = [
      ([], "the file ends within the header of a SIF (byte 0)"),
      (Array(bytes.prefix(127)), "the file ends within the header of a SIF (byte 127)"),
      (bytes.replacing(at: 35, count: 1, by: 65), "this is no SIF: SIF_MAGIC is not there (byte 32)"),
      (bytes.replacing(at: 43, count: 1, by: 50), "version '02' of the format is not known: only 01 is (byte 42)"),
      (bytes.replacing(at: 88, by: -1), "the table has -1 entries; 0 to 65536 are possible (byte 88)"),
      (bytes.replacing(at: 88, by: .max), "the table has \(Int.max) entries; 0 to 65536 are possible (byte 88)"),
      (
        bytes.replacing(at: 88, by: 60_000),
        "the table of 60000 entries from byte 4096 does not lie in a file of \(size) bytes (byte 96)"
      ),
      (
        bytes.replacing(at: 96, by: .max),
        "the table of 48 entries from byte \(Int.max) does not lie in a file of \(size) bytes (byte 96)"
      ),
      (
        bytes.replacing(at: 96, by: 0),
        "the table of 48 entries from byte 0 does not lie in a file of \(size) bytes (byte 96)"
      ),
      (bytes.replacing(at: Self.slot + 5, count: 4, by: 0), "an object has the number 0 (byte 4686)"),
      (bytes.replacing(at: Self.slot + 5, count: 4, by: 1), "two objects have the number 1 (byte 4096)"),
      (
        bytes.replacing(at: Self.slot + 25, by: -1),
        "object 2 has -1 bytes from byte 32203, which do not lie in a file of \(size) (byte 4698)"
      ),
      (
        bytes.replacing(at: Self.slot + 25, by: .max),
        "object 2 has \(Int.max) bytes from byte 32203, which do not lie in a file of \(size) (byte 4698)"
      ),
      (
        bytes.replacing(at: Self.slot + 17, by: .min),
        "object 2 has 37 bytes from byte \(Int.min), which do not lie in a file of \(size) (byte 4698)"
      ),
      (bytes.replacing(at: Self.slot + 17, by: 5000), "object 2 overlaps the table (byte 5000)"),
      (bytes.replacing(at: Self.slot + 17, by: 32_190), "object 2 overlaps object 1 (byte 32190)"),
      (
        Array(bytes.dropLast()),
        "object 4 has 13 bytes from byte 32768, which do not lie in a file of 32780 (byte 5868)"
      ),
    ]
    for (bytes, expected) in cases { #expect(message(bytes) == expected) }
  }

  @Test func twoPrimaryPartitionsAreRefused() throws {
    let bytes = try WrittenBytes.of()
    var second = Array(bytes[4096 + 3 * 585..<4096 + 4 * 585]).replacing(at: 5, count: 4, by: 5)
    second = second.replacing(at: 25, by: 0)
    let two = bytes.prefix(4096 + 4 * 585) + second + bytes.dropFirst(4096 + 5 * 585)
    #expect(message(Array(two)) == "objects 4 and 5 are both the primary system partition (byte 4096)")
  }

  @Test func aSlotThatIsNotUsedIsPassedOver() throws {
    let bytes = try WrittenBytes.of().replacing(at: Self.slot + 4, count: 1, by: 0)
    #expect(try SIFImage(bytes: bytes).objects.map(\.id) == [1, 3, 4])
  }

  /// Random bytes in header and table: refused, or every range lies in the file and none overlaps another.
  @Test func noTableLeadsOutOfTheFile() throws {
    let sound = try WrittenBytes.of()
    let places = Array(64..<128) + Array(4096..<4096 + 4 * 585)
    let numbers = [0, 1, -1, Int.max, Int.min, 1 << 31, 1 << 32, 4096, sound.count, sound.count - 1, 32_176]
    var accepted = 0
    for seed in Soak.seeds(400) {
      var random = SeededGenerator(seed: seed)
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = places.randomElement(using: &random) ?? 64
        if random.once(in: 2) {
          bytes = bytes.replacing(at: place, by: numbers.randomElement(using: &random) ?? 0)
        } else {
          bytes[place] = UInt8.random(in: 0...255, using: &random)
        }
      }
      let file = MemoryFile(bytes, path: "a.sif")
      guard let image = try? SIFImage(reading: file) else { continue }
      accepted += 1
      var end = 0
      for object in image.objects.sorted(by: { $0.offset < $1.offset }) where object.count > 0 {
        #expect(object.offset >= end && object.range.upperBound <= bytes.count, "seed \(seed)")
        end = object.range.upperBound
      }
      _ = try SIFVerification(image, in: file)
      _ = try? SIFMetadata(image, in: file)
    }
    #expect(accepted > 20)
  }

  @Test func everyKindOfObjectIsToldInTheWordsOfTheField() throws {
    func details(_ type: Int32, _ extra: [UInt8]) -> SIFDetails {
      SIFDetails(SIFDataType(rawValue: type), (extra + [UInt8](repeating: 0, count: 384 - extra.count))[...])
    }
    #expect(details(0x4004, [1, 0, 0, 0, 2, 0, 0, 0, 48, 50, 0]).text == "Squashfs/*System/amd64")
    #expect(details(0x4004, [2, 0, 0, 0, 4, 0, 0, 0, 48, 52, 0]).text == "Ext3/Overlay/arm64")
    #expect(details(0x4004, [99, 0, 0, 0, 99, 0, 0, 0, 57, 57, 0]).text == "Unknown/Unknown/unknown")
    #expect(details(0x4005, [1, 0, 0, 0] + (1...20)).text == "SHA-256")
    #expect(
      details(0x4005, [1, 0, 0, 0] + (1...20))
        == .signature(hash: "SHA-256", fingerprint: "0102030405060708090A0B0C0D0E0F1011121314"))
    #expect(details(0x4005, [5, 0, 0, 0]) == .signature(hash: "BLAKE2b-256", fingerprint: nil))
    #expect(details(0x4008, [2, 0, 0, 0, 0, 2, 0, 0]).text == "PEM/RSA-OAEP")
    #expect(details(0x4009, [4, 0, 0, 0]).text == "spdx-json")
    #expect(details(0x400A, Array(Digest.sha256("x").text)).text == Digest.sha256("x").description)
    #expect(details(0x400B, Array("sha256:nothing".utf8)) == .malformed)
    #expect(details(0x4006, []) == .none)
    #expect(SIFDataType(rawValue: 0x4010).description == "Unknown (0x4010)")
  }

  @Test func anOCISIFIsRecognisedAndRefused() throws {
    let index = Array(#"{"schemaVersion":2}"#.utf8)
    var bytes = try WrittenBytes.of([SIFObject(.generic, index)])
    let digest = Digest.sha256(index).text
    bytes = bytes.replacing(at: 4096, count: 4, by: 0x400A)
    bytes.replaceSubrange(4096 + 201..<4096 + 201 + digest.count, with: digest)
    let file = MemoryFile(bytes, path: "a.sif")
    let image = try SIFImage(reading: file)
    #expect(image.isOCI)
    let failure = try #require(throws: Failure.self) { try SIFMetadata(image, in: file) }
    #expect(failure.message.hasPrefix("this is an OCI-SIF"))
    #expect(try SIFVerification(image, in: file).faults.isEmpty)
    bytes[32_176] ^= 1
    let damaged = MemoryFile(bytes, path: "a.sif")
    #expect(
      try SIFVerification(try SIFImage(reading: damaged), in: damaged).faults.map(\.message)
        == ["object 1 is not what its digest says"])
  }
}
