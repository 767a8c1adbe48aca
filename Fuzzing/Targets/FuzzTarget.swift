/// A reader of what others wrote or a disk damaged, with what must hold for every input.
struct FuzzTarget: Sendable {
  /// Also the name of its corpus and its dictionary.
  let name: String
  /// How many inputs of the short run it gets, in comparison with the others.
  let share: Int
  /// Throws a `Violation` when something does not hold; an input that the reader refuses is none.
  let check: @Sendable ([UInt8]) async throws -> Void

  init(_ name: String, share: Int = 4, _ check: @escaping @Sendable ([UInt8]) async throws -> Void) {
    self.name = name
    self.share = share
    self.check = check
  }

  static let all = [
    yaml, definition, machine, settings, template, dockerfile, ignore, lockfile, index, journal, inputs, json, config,
    tar,
    listing, layer, root, squashfs, blocks, sif, container, archive, layout, imagefile, registry, credentials,
    arguments, names, plan, published,
  ]
}

/// Something that must hold for every input and does not.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
  if !condition { throw Violation(message()) }
}

func required<Value>(_ value: Value?, _ message: @autoclosure () -> String) throws(Violation) -> Value {
  guard let value else { throw Violation(message()) }
  return value
}
