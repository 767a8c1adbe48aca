import HostSystem
import ImageModel
import JSONText

/// A program of the `docker-credential-NAME` protocol, which hands out what a key store keeps.
struct CredentialHelper: Sendable {
  let name: String
  /// The file that names it.
  let source: FilePath
  let tool: EngineTool
  var limit: Duration = .seconds(30)

  init(
    _ name: String, source: FilePath, files: any FileSystem, processes: any ProcessRunner, environment: [String: String]
  ) {
    (self.name, self.source) = (name, source)
    tool = EngineTool(
      program: "docker-credential-\(name)", environment: environment, processes: processes, files: files)
  }

  /// Nil when it has nothing for the server, which it reads from its input: nothing stands in an argument list.
  /// - Throws: `Failure`, without a word of what it printed: that may be the secret; `CancellationError`.
  func credential(for server: String) async throws -> Credential? {
    guard !name.isEmpty, !name.contains("/") else { throw failure("'\(name)' is no name of a credential helper") }
    let result: ProcessResult
    do {
      result = try await tool.result(["get"], input: .bytes(Array(server.utf8)), limit: limit)
    } catch let error as Failure {
      throw failure(error.message)
    } catch is OutputTooLarge {
      throw failure("\(tool.program) printed far more than a login")
    }
    guard result.status.isSuccess else {
      let words = String(decoding: result.output + result.errorOutput, as: UTF8.self).lowercased()
      if words.contains("credentials not found") { return nil }
      throw failure("\(tool.program) failed for \(server): \(result.status)")
    }
    guard let answer = try? JSONValue(parsing: result.output), let secret = answer["Secret"]?.string else {
      throw failure("\(tool.program) gave an answer for \(server) that is no login")
    }
    if secret.isEmpty { return nil }
    let user = answer["Username"]?.string ?? ""
    return user == "<token>" ? .identity(secret) : .password(user: user, password: secret)
  }

  private func failure(_ words: String) -> Failure {
    Failure(
      "\(words) (\(source) names it)",
      help: "see what `\(tool.program) get` says when it reads the registry's name, or log in again")
  }
}
