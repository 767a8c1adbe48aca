import DockerfileText
import ImageModel

/// Reads a Dockerfile for `linux/amd64`, as tests want it.
func read(
  _ text: String, arguments: [String: String] = [:], target: String? = nil,
  environments: [String: ImageEnvironment] = [:]
) -> DockerfileFacts {
  read(Array(text.utf8), arguments: arguments, target: target, environments: environments)
}

func read(
  _ text: [UInt8], arguments: [String: String] = [:], target: String? = nil,
  environments: [String: ImageEnvironment] = [:]
) -> DockerfileFacts {
  DockerfileReader.read(
    text, file: "Dockerfile", buildArguments: arguments, target: target,
    platform: Platform(os: "linux", architecture: "arm", variant: "v7"), environments: environments)
}

extension DockerfileFacts {
  /// `ROLE REFERENCE` of every use.
  var used: [String] { uses.map { "\($0.role.rawValue) \($0.reference)" } }

  /// The text that each use stands on.
  var replaceable: [String] { uses.map { String(decoding: text[$0.range], as: UTF8.self) } }

  /// The patterns of the selectors, or nil for the whole context.
  var sources: [String]? { if case .selected(let selectors) = reach { selectors.map(\.pattern) } else { nil } }

  var canonical: [String] { instructions.map(\.canonical) }

  var errors: [String] { diagnostics.filter { $0.severity == .error }.map(\.message) }
}

/// A generator whose failures can be repeated: SplitMix64.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int.random(in: choices.indices, using: &self)]
  }
}
