/// How to log in to a registry.
enum Credential: Sendable, Hashable {
  case password(user: String, password: String)
  /// A refresh token of the registry's token server.
  case identity(String)
  /// A token for the registry itself.
  case token(String)
}
