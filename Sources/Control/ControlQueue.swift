internal import Dispatch

/// The thread of the controller: its disk reads do not block Swift's cooperative threads.
final class ControlQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "ledge.control")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
