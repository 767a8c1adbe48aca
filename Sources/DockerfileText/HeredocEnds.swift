/// Where the lines stand that may end a heredoc.
///
/// A file may announce as many heredocs as it has lines, and end none: looking through the rest for each takes too long.
struct HeredocEnds {
  /// Numbers of lines, ascending, by their text.
  private var lines: [ArraySlice<UInt8>: [Int]] = [:]
  /// The same without the tabs that begin them.
  private var untabbedLines: [ArraySlice<UInt8>: [Int]] = [:]

  /// `lines` come without their ends.
  init(_ lines: some Sequence<ArraySlice<UInt8>>) {
    for (number, line) in lines.enumerated() {
      self.lines[line, default: []].append(number)
      untabbedLines[line.drop { $0 == Ascii.tab }, default: []].append(number)
    }
  }

  /// The first one from `start` on.
  func line(ending heredoc: Heredoc, from start: Int) -> Int? {
    let name = ArraySlice(heredoc.name.utf8)
    guard let numbers = heredoc.stripsTabs ? untabbedLines[name] : lines[name] else { return nil }
    var (low, high) = (0, numbers.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < numbers.count ? numbers[low] : nil
  }
}
