internal import Glibc
internal import NIOCore

extension IOError {
    /// Returns the kernel's words for a failed call on a socket, where `error` is one: `Connection refused`.
    ///
    /// NIO's own description names its function and its descriptors, which tells a person at a terminal nothing.
    static func text(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}
