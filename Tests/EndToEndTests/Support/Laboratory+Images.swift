import Glibc
import HostSystem
import ImageModel
import Testing
import TestSupport

extension Laboratory {
  static let isRoot = getuid() == 0

  /// Runs what must succeed.
  /// - Returns: what it printed.
  @discardableResult
  static func succeed(
    _ arguments: [String], in directory: FilePath? = nil, environment: [String: String]? = nil
  ) async throws -> String {
    let result = try await run(arguments, in: directory, environment: environment)
    let errors = String(decoding: result.errorOutput.suffix(2000), as: UTF8.self)
    try #require(result.status.isSuccess, "\(arguments.joined(separator: " ")): \(result.status) \(errors)")
    return String(decoding: result.output, as: UTF8.self)
  }

  /// Writes a layout with one image, in which is everything that layers may hold.
  /// - Parameter extra: see Tests/lab/nasty-image.
  static func nastyImage(_ layout: FilePath, _ extra: [String] = []) async throws {
    try await succeed([(sources / "Tests/lab/nasty-image").description, layout.description] + extra)
  }
}
