internal import Federation
internal import Glibc
internal import NIOPosix

/// A file of documents, or standard input: JSON lines, or one JSON array.
///
/// It is read once from its beginning to its end, in pieces, so it may be a pipe of any length.
struct ImportSource: Sendable {
    /// Longest document that is read; a record takes less, but the notation around its values goes first.
    static let documentByteCountMax = 32 << 20

    private enum Splitter {
        case lines(LineSplitter)
        case array(ArraySplitter)
    }

    /// What messages call it.
    let name: String
    /// How long it is, where that is known.
    let byteCount: Int64?
    private(set) var readByteCount: Int64 = 0
    private let descriptor: Int32
    private let mustBeArray: Bool
    private var splitter: Splitter?
    private var isArray = false
    private var piece: ArraySlice<UInt8> = []

    /// Opens a file; `-` is standard input.
    init(_ argument: String, mustBeArray: Bool = false) throws(CommandFailure) {
        self.mustBeArray = mustBeArray
        name = argument == "-" ? "standard input" : argument
        descriptor = argument == "-" ? STDIN_FILENO : Glibc.open(argument, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot open \(argument): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        byteCount = isFile ? Int64(status.st_size) : nil
    }

    func close() {
        if descriptor != STDIN_FILENO { Glibc.close(descriptor) }
    }

    /// What messages call the document of a number.
    func place(_ number: Int) -> String {
        isArray ? "\(name), element \(number)" : "\(name):\(number)"
    }

    /// Returns the next document, or nil after the last.
    ///
    /// - Throws: ``CommandFailure`` where the file cannot be read, or is neither of the two forms.
    mutating func next() async throws -> IngestEntry? {
        while true {
            if let entry = try entry() { return entry }
            guard piece.isEmpty else { continue }
            let bytes = try await read()
            guard !bytes.isEmpty else { return try last() }
            piece = bytes[...]
            if splitter == nil { try begin() }
        }
    }

    /// Takes the next document off the bytes that were read.
    private mutating func entry() throws(CommandFailure) -> IngestEntry? {
        guard let current = splitter else { return nil }
        // Moved while it changes, so that what it holds is not copied.
        splitter = nil
        switch current {
        case .lines(var lines):
            while let line = lines.next(from: &piece) {
                if line.isBlank { continue }
                splitter = .lines(lines)
                return line
            }
            splitter = .lines(lines)
            return nil
        case .array(var array):
            let entry = try array.next(from: &piece)
            splitter = .array(array)
            return entry
        }
    }

    private mutating func last() throws(CommandFailure) -> IngestEntry? {
        switch splitter {
        case .lines(var lines)?:
            let line = lines.last()
            splitter = .lines(lines)
            guard let line, !line.isBlank else { return nil }
            return line
        case .array(let array)?:
            guard array.isComplete else { throw CommandFailure("the file ends before the array does") }
            return nil
        case nil: return nil
        }
    }

    /// Sees by its first bytes what the file is.
    private mutating func begin() throws(CommandFailure) {
        if piece.starts(with: [0x1F, 0x8B]) || piece.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            throw CommandFailure("it is compressed; unpack it first: zcat or zstdcat FILE | ledge import … -")
        }
        if piece.starts(with: [0xEF, 0xBB, 0xBF]) { piece = piece.dropFirst(3) }
        guard let first = piece.first(where: { !$0.isSpace }) else {
            // Blank lines count as lines; an array would have begun by now.
            splitter = .lines(LineSplitter(byteCountMax: Self.documentByteCountMax))
            return
        }
        isArray = mustBeArray || first == UInt8(ascii: "[")
        splitter =
            isArray
            ? .array(ArraySplitter(byteCountMax: Self.documentByteCountMax))
            : .lines(LineSplitter(byteCountMax: Self.documentByteCountMax))
    }

    /// Waits for more, off Swift's cooperative threads; nothing is the end.
    private mutating func read() async throws -> [UInt8] {
        let bytes = try await NIOThreadPool.singleton.runIfActive { [descriptor] in
            try [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
                var readCount = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                while readCount < 0 && errno == EINTR {
                    readCount = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                }
                guard readCount >= 0 else {
                    throw CommandFailure("cannot be read: \(String(cString: strerror(errno)))")
                }
                count = readCount
            }
        }
        readByteCount += Int64(bytes.count)
        return bytes
    }
}
