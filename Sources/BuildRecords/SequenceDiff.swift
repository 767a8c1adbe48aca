/// A shortest way from one sequence to another by removals and insertions (Myers, 1986).
enum SequenceDiff {
  enum Edit: Hashable {
    case keep(old: Int, new: Int)
    case remove(old: Int)
    case insert(new: Int)
  }

  /// The edits in order, removals before insertions between two elements that stay.
  /// - Parameter limit: with more edits than this, all between the common beginning and the common end is replaced: a
  ///   way still, though not the shortest.
  static func edits<Element: Equatable>(from old: [Element], to new: [Element], limit: Int = 1000) -> [Edit] {
    let start = zip(old, new).prefix { $0 == $1 }.count
    let end = zip(old[start...].reversed(), new[start...].reversed()).prefix { $0 == $1 }.count
    let (oldEnd, newEnd) = (old.count - end, new.count - end)
    let matches = matches(old[start..<oldEnd], new[start..<newEnd], limit: limit)
    var edits = (0..<start).map { Edit.keep(old: $0, new: $0) }
    var (oldIndex, newIndex) = (start, start)
    for (oldMatch, newMatch) in matches + [(oldEnd, newEnd)] {
      edits += (oldIndex..<oldMatch).map { .remove(old: $0) } + (newIndex..<newMatch).map { .insert(new: $0) }
      if oldMatch < oldEnd { edits.append(.keep(old: oldMatch, new: newMatch)) }
      (oldIndex, newIndex) = (oldMatch + 1, newMatch + 1)
    }
    return edits + (0..<end).map { .keep(old: oldEnd + $0, new: newEnd + $0) }
  }

  /// How far into the old sequence the best way with some number of edits gets, by diagonal (old minus new index);
  /// a way with `count` edits ends on one of the diagonals -count, -count + 2, …, count.
  private struct Row {
    let count: Int
    var values: [Int] = []

    subscript(diagonal: Int) -> Int? {
      let index = (diagonal + count) / 2
      return diagonal < -count || index >= values.count ? nil : values[index]
    }

    /// Whether the way with one edit more to a diagonal ends with an insertion, and where its run of equals begins.
    func step(to diagonal: Int) -> (isInsertion: Bool, begin: Int) {
      let (removing, inserting) = (self[diagonal - 1].map { $0 + 1 }, self[diagonal + 1])
      if let inserting, inserting >= removing ?? 0 { return (true, inserting) }
      return (false, removing ?? 0)
    }
  }

  /// The pairs of a longest common subsequence; none when there are more than `limit` edits.
  private static func matches<Element: Equatable>(
    _ old: ArraySlice<Element>, _ new: ArraySlice<Element>, limit: Int
  ) -> [(Int, Int)] {
    var rows: [Row] = []
    for count in 0...min(limit, old.count + new.count) {
      var row = Row(count: count)
      for diagonal in stride(from: -count, through: count, by: 2) {
        var reached = rows.last?.step(to: diagonal).begin ?? 0
        while reached < old.count, reached - diagonal < new.count,
          old[old.startIndex + reached] == new[new.startIndex + reached - diagonal]
        { reached += 1 }
        row.values.append(reached)
        if reached >= old.count && reached - diagonal >= new.count { return trace(rows, old, new) }
      }
      rows.append(row)
    }
    return []
  }

  /// Back from the end; `rows` are those of all edits but the last.
  private static func trace<Element>(
    _ rows: [Row], _ old: ArraySlice<Element>, _ new: ArraySlice<Element>
  ) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    var (x, y) = (old.count, new.count)
    func back(to begin: Int) {
      while x > begin {
        (x, y) = (x - 1, y - 1)
        pairs.append((old.startIndex + x, new.startIndex + y))
      }
    }
    for row in rows.reversed() {
      let (isInsertion, begin) = row.step(to: x - y)
      back(to: begin)
      if isInsertion { y -= 1 } else { x -= 1 }
    }
    back(to: 0)
    return pairs.reversed()
  }
}
