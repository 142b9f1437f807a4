internal import Dispatch

/// The thread of the controller: what it reads from the disk holds up none of Swift's cooperative threads.
final class ControlQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "ledge.control")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
