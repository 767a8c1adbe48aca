import ImageModel
import Testing

struct ByteCountTests {
  @Test(
    arguments: [
      ("0", 0), ("4096", 4096), ("100MB", 100_000_000), ("1 GiB", 1 << 30), ("2kb", 2000), ("7b", 7), ("3TiB", 3 << 40),
      ("", nil), ("MB", nil), ("-1", nil), ("1.5GB", nil), ("10MX", nil), ("99999999999TB", nil), ("1 0", nil),
    ] as [(String, Int?)])
  func aSizeIsRead(text: String, count: Int?) {
    #expect(ByteCount(text)?.count == count)
  }

  @Test func whatIsWrittenIsReadAgain() {
    for count in [0, 1, 999, 20_000, 381_000_000, 12_000_000_000] {
      #expect(ByteCount(ByteCount(count).description)?.count == count)
    }
  }
}
