/// Columns of text, aligned by what a terminal shows.
struct Table: Sendable {
  enum Alignment: Sendable { case left, right }

  struct Column: Sendable {
    var title: String
    var alignment = Alignment.left

    init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  var columns: [Column]
  private(set) var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Missing cells are empty, further ones are dropped.
  mutating func add(_ cells: [String]) {
    rows.append(
      Array((cells.map { TerminalText.cleaned($0) } + Array(repeating: "", count: columns.count)).prefix(columns.count))
    )
  }

  /// Whole lines; the titles first when there is any row.
  func text(style: Style = .plain) -> String {
    guard !rows.isEmpty else { return "" }
    let widths = columns.indices.map { column in
      rows.reduce(DisplayWidth.of(columns[column].title)) { max($0, DisplayWidth.of($1[column])) }
    }
    let head = style(.bold, line(columns.map(\.title), widths))
    return ([head] + rows.map { line($0, widths) }).map { $0 + "\n" }.joined()
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (column, cell) in cells.enumerated() {
      if column > 0 { text += "  " }
      let padding = String(repeating: " ", count: widths[column] - DisplayWidth.of(cell))
      text += columns[column].alignment == .right ? padding + cell : cell + padding
    }
    while text.last == " " { text.removeLast() }
    return text
  }
}
