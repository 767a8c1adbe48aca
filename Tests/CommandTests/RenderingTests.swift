import ImageModel
import Testing

@testable import coppice

@Suite struct RenderingTests {
  @Test(arguments: [
    (Duration.zero, "0.0 s"), (.milliseconds(49), "0.0 s"), (.milliseconds(50), "0.1 s"),
    (.milliseconds(12_345), "12.3 s"),
    (.milliseconds(59_949), "59.9 s"), (.milliseconds(59_960), "1 m 00 s"), (.seconds(133), "2 m 13 s"),
    (.seconds(3599), "59 m 59 s"), (.seconds(3600), "1 h 00 m"), (.seconds(3720), "1 h 02 m"),
    (.seconds(90_000), "1 d 1 h"), (.seconds(-5), "0.0 s"),
  ])
  func durationsAreReadable(duration: Duration, text: String) { #expect(HumanText.duration(duration) == text) }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (381_400_000, "381 MB"),
    (999_499_999, "999 MB"), (999_500_000, "1.0 GB"), (1_234_000_000, "1.2 GB"), (5_000_000_000_000_000, "5000 TB"),
  ])
  func sizesAreReadable(bytes: Int, text: String) { #expect(HumanText.bytes(bytes) == text) }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_700_000_000, "2023-11-14T22:13:20Z"),
    (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (-62_135_596_800, "0001-01-01T00:00:00Z"),
  ])
  func datesAreUTC(seconds: Int, text: String) { #expect(DateText.utc(seconds) == text) }

  @Test func daysFollowEachOtherThroughLeapYears() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var (year, month, day) = (1600, 1, 1)
    for days in -135_140..<20_000 {
      let date = DateText.date(daysSince1970: days)
      #expect(date == (year, month, day))
      if date != (year, month, day) { return }
      let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
      day += 1
      if day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test func columnsAreAlignedByWhatATerminalShows() {
    var table = Table([.init("ARTIFACT"), .init("SIZE", .right), .init("WHY")])
    table.add(["docker/a:1", "9 MB", "never built"])
    table.add(["docker/日本:1", "381 MB"])
    #expect(
      table.text() == """
        ARTIFACT         SIZE  WHY
        docker/a:1       9 MB  never built
        docker/日本:1  381 MB

        """)
    #expect(Table([.init("X")]).text() == "")
  }

  @Test(arguments: [
    ("plain", "plain"), ("a\tb", "a\tb"), ("\u{1B}[1;31mred\u{1B}[0m", "red"), ("10%\r50%\r100%", "100%"),
    ("line\r", "line"),
    ("\u{1B}]8;;http://x\u{1B}\\link\u{1B}]8;;\u{7}", "link"), ("\u{1B}(Bx", "x"), ("cut\u{1B}[", "cut"),
    ("cut\u{1B}", "cut"),
    ("\u{202E}evil", "evil"), ("nul\u{0}", "nul"), ("\u{1B}Pq\u{1B}\\x", "x"),
  ])
  func outputOfProgramsLosesItsCommands(line: String, cleaned: String) {
    #expect(TerminalText.cleaned(line) == cleaned)
  }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本語", 4, "日…"), ("日本語", 6, "日本語"), ("abc", 1, "…"), ("abc", 0, ""),
  ])
  func textIsCutToColumns(text: String, columns: Int, cut: String) {
    #expect(TerminalText.cut(text, to: columns) == cut)
    #expect(DisplayWidth.of(TerminalText.cut(text, to: columns)) <= columns)
  }
}
