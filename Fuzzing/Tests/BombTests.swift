import Testing

struct BombTests {
  /// What a minute bounds is a hang; `make fuzz` measures closer.
  @Test(.timeLimit(.minutes(1)), arguments: Bomb.all(dividedBy: 4)) func aBombIsRefusedOrRead(bomb: Bomb) async throws {
    try await bomb.target.check(bomb.input)
  }
}

extension Bomb: CustomTestStringConvertible {
  var testDescription: String { "\(target.name): \(name)" }
}
