internal import ImageModel

/// The user and group ids of a tree; inodes hold 16-bit numbers of them.
struct OwnerTable {
  private(set) var ids: [UInt32] = []
  private var numbers: [UInt32: UInt16] = [:]

  /// - Throws: `Failure` when the format cannot hold another one.
  mutating func number(of id: UInt32) throws -> UInt16 {
    if let number = numbers[id] { return number }
    guard ids.count < SquashfsFormat.mostIDs else {
      throw Failure(
        "the files have more than \(SquashfsFormat.mostIDs) different owners and groups, which squashfs cannot hold",
        help: "give files that need no owner of their own to one user")
    }
    let number = UInt16(ids.count)
    numbers[id] = number
    ids.append(id)
    return number
  }
}
