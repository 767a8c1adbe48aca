import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SIFFormat

struct SIFVerificationTests {
  private func faults(_ bytes: [UInt8]) throws -> [String] {
    let file = MemoryFile(bytes, path: "a.sif")
    return try SIFVerification(try SIFImage(reading: file), in: file).faults.map(\.description)
  }

  @Test func whatDoesNotAgreeIsToldWithItsPlace() throws {
    let bytes = try WrittenBytes.of()
    #expect(try faults(bytes).isEmpty)
    #expect(try faults(bytes.replacing(at: 104, by: 1)) == ["the table has 48 entries, but 1 bytes (byte 104)"])
    #expect(
      try faults(bytes.replacing(at: 80, by: 3))
        == ["3 entries of the table are said to be free, but 44 are (byte 80)"])
    #expect(
      try faults(bytes.replacing(at: 46, count: 1, by: 52))
        == ["the header says arm64, the primary system partition amd64 (byte 45)"])
    #expect(
      try faults(bytes.replacing(at: 120, by: 604))
        == ["the data end at byte 32781, beyond what the header says (byte 112)"])
    #expect(try faults(bytes.replacing(at: 120, by: .max)).count == 1)
    #expect(
      try faults(bytes.replacing(at: 4096 + 13, count: 4, by: 9))
        == ["object 1 refers to object 9, which is not there (byte 32176)"])
    #expect(
      try faults(bytes.replacing(at: 32_768, count: 1, by: 0))
        == ["object 4 does not begin as squashfs does (byte 32768)"])
    #expect(try faults(bytes.replacing(at: 32_203, count: 1, by: 0)).first?.hasPrefix("object 2 is no JSON") == true)
  }

  @Test func theSidecarIsBelievedOnlyWhenTheFileIsWhatItSays() throws {
    let bytes = try WrittenBytes.of()
    let digest = Digest.sha256(bytes)
    func check(_ sidecar: String?) throws -> (isCompared: Bool, faults: [String]) {
      let disk = InMemoryFileSystem()
      disk.write("a.sif", bytes: bytes)
      if let sidecar { disk.write("a.sif.json", sidecar) }
      let file = try disk.openAnywhere(disk.root / "a.sif")
      var verification = try SIFVerification(try SIFImage(reading: file), in: file)
      let isCompared = try verification.compare(withSidecarIn: disk)
      return (isCompared, verification.faults.map(\.message))
    }
    #expect(try check(nil) == (false, []))
    #expect(try check(#"{"name":"x"}"#) == (false, []))
    for text in [digest.hex, digest.description] {
      #expect(try check(#"{"size":\#(bytes.count),"sha256":"\#(text)"}"#) == (true, []))
    }
    #expect(try check(#"{"size":1}"#).faults == ["the file has \(bytes.count) bytes, a.sif.json says 1"])
    #expect(
      try check(#"{"sha256":"0"}"#).faults == ["the file's SHA-256 is \(digest.hex), a.sif.json says 0"])
    #expect(throws: Failure.self) { try check("{") }
  }
}
