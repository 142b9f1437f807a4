internal import Federation
internal import Glibc
internal import JSON
internal import NIOPosix

/// A file of documents, or standard input: JSON lines, one JSON array, or objects on several lines.
///
/// It is read sequentially and in pieces, so it may be a pipe of any length.
struct ImportSource: Sendable {
    /// The maximum size of a document in the file; more than a record allows, because extended JSON is longer.
    static let documentByteCountMax = 32 << 20

    private enum Splitter {
        case lines(LineSplitter)
        case array(ArraySplitter)
        case objects(ObjectSplitter)
    }

    /// The name in messages.
    let name: String
    /// The length; nil if it is unknown.
    let byteCount: Int64?
    private(set) var readByteCount: Int64 = 0
    private let descriptor: Int32
    private let mustBeArray: Bool
    private var splitter: Splitter?
    private var hasLines = true
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

    /// Returns the position of a document for messages.
    func position(_ number: Int) -> String {
        hasLines ? "\(name):\(number)" : "\(name), element \(number)"
    }

    /// Returns the next document; nil after the last one.
    ///
    /// - Throws: ``CommandFailure`` if the file cannot be read, or is neither JSON lines nor a JSON array.
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

    /// Removes the next document from the bytes that were read.
    private mutating func entry() throws(CommandFailure) -> IngestEntry? {
        guard let current = splitter else { return nil }
        // Set to nil during the change, so that its bytes are not copied.
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
            let entry: IngestEntry?
            do throws(ArraySyntaxError) { entry = try array.next(from: &piece) } catch {
                throw CommandFailure(error.message)
            }
            splitter = .array(array)
            return entry
        case .objects(var objects):
            let entry = objects.next(from: &piece)
            splitter = .objects(objects)
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
            guard array.isComplete else { throw CommandFailure(ArraySyntaxError.truncated.message) }
            return nil
        case .objects(var objects)?:
            let rest = objects.last()
            splitter = .objects(objects)
            return rest
        case nil: return nil
        }
    }

    /// Detects the format by the first bytes.
    private mutating func begin() throws(CommandFailure) {
        if piece.starts(with: [0x1F, 0x8B]) || piece.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            throw CommandFailure("it is compressed; decompress it first: zcat or zstdcat FILE | ledge import … -")
        }
        if piece.starts(with: [0xFF, 0xFE]) || piece.starts(with: [0xFE, 0xFF]) {
            throw CommandFailure("it is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 FILE | ledge import … -")
        }
        if piece.starts(with: [0xEF, 0xBB, 0xBF]) { piece = piece.dropFirst(3) }
        guard let first = piece.first(where: { !$0.isSpace }) else {
            // A first piece of white space only is treated as blank lines.
            splitter = .lines(LineSplitter(byteCountMax: Self.documentByteCountMax))
            return
        }
        if Self.lacksJSON(piece) { throw Self.notJSON(piece) }
        if mustBeArray || first == UInt8(ascii: "[") {
            splitter = .array(ArraySplitter(byteCountMax: Self.documentByteCountMax))
        } else if first == ObjectSplitter.recordSeparator || ObjectSplitter.isExpected(in: piece) {
            splitter = .objects(ObjectSplitter(byteCountMax: Self.documentByteCountMax))
        } else {
            splitter = .lines(LineSplitter(byteCountMax: Self.documentByteCountMax))
        }
        if case .lines? = splitter { hasLines = true } else { hasLines = false }
    }

    /// Whether neither of the first two lines can be JSON: one of them alone may be damaged.
    private static func lacksJSON(_ piece: ArraySlice<UInt8>) -> Bool {
        let lines = piece.split(separator: UInt8(ascii: "\n"), maxSplits: 8)
            .filter { !$0.allSatisfy(\.isSpace) }
            .prefix(2)
        return !lines.isEmpty
            && !lines.contains { line in
                guard let first = line.first(where: { !$0.isSpace }) else { return false }
                return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
                    || first == ObjectSplitter.recordSeparator
            }
    }

    /// Why a file that begins with neither an object nor an array is not imported: one message, not one for each line.
    private static func notJSON(_ piece: ArraySlice<UInt8>) -> CommandFailure {
        let line = piece.prefix { $0 != UInt8(ascii: "\n") }
        if line.contains(UInt8(ascii: ",")), line.allSatisfy({ $0 >= 0x20 || $0 == UInt8(ascii: "\r") }) {
            return CommandFailure(
                "it seems to be CSV, not JSON; convert it first, for example: "
                    + "mlr --icsv --ojsonl cat FILE | ledge import … -"
            )
        }
        do {
            _ = try JSON(parsing: line)
            return CommandFailure("it begins with neither a JSON object nor an array")
        } catch {
            return CommandFailure("it begins with neither a JSON object nor an array: \(error.message)")
        }
    }

    /// Reads the next piece on a thread that may block; empty at the end.
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
