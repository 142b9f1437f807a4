internal import Disk

/// The failure of a command, as one line for the user; the process exits with status 1.
struct CommandFailure: StorageErrorWrapper, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    static func storage(_ error: StorageError) -> CommandFailure { CommandFailure(error.text) }
}
