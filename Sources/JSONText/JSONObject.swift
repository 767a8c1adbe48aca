/// The members of a JSON object in their order; two objects are equal when their order is, too.
package struct JSONObject: Sendable, Hashable {
  package typealias Member = (key: String, value: JSONValue)

  package private(set) var members: [Member]

  /// - Precondition: the keys differ from each other.
  package init(_ members: [Member] = []) { self.members = members }

  package var isEmpty: Bool { members.isEmpty }
  package var count: Int { members.count }
  package var keys: [String] { members.map(\.key) }

  /// Setting a new key appends it, setting nil removes it.
  ///
  /// - Complexity: O(members)
  package subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// - Precondition: the key is new.
  package mutating func append(_ key: String, _ value: JSONValue) { members.append((key, value)) }

  package static func == (left: Self, right: Self) -> Bool {
    left.members.count == right.members.count
      && zip(left.members, right.members).allSatisfy { $0.key == $1.key && $0.value == $1.value }
  }

  package func hash(into hasher: inout Hasher) {
    for member in members {
      hasher.combine(member.key)
      hasher.combine(member.value)
    }
  }
}
