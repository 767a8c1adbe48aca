/// The length of the longest common subsequence, by the table: slow and obvious.
enum CommonSubsequence {
  static func length<Element: Equatable>(_ left: [Element], _ right: [Element]) -> Int {
    var table = Array(repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
    for row in left.indices {
      for column in right.indices {
        table[row + 1][column + 1] =
          left[row] == right[column] ? table[row][column] + 1 : max(table[row][column + 1], table[row + 1][column])
      }
    }
    return table[left.count][right.count]
  }
}
