package import ImageModel

/// Where a step's output goes, line by line, and its last lines.
package protocol StepLog: Sendable {
  var path: FilePath? { get }
  /// The last lines, at most twenty.
  var tail: [String] { get }
  func write(_ line: String)
  func close()
}
