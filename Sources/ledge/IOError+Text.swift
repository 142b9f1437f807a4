internal import Glibc
internal import NIOCore

extension IOError {
    /// Returns the text of `errno` if `error` is a failed system call (`Connection refused`), otherwise its
    /// description.
    ///
    /// NIO's own description contains internal function names and descriptors.
    static func text(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}
