;; Drives a session with dape against an adapter that listens on a port, and prints what it got as one JSON object.
;; emacs --batch -l session.el PORT VMCORE
(require 'dape)
(require 'json)
(setq dape-start-hook nil
      dape-stopped-hook nil
      dape-display-source-hook nil)

(defun wait-for (what test)
  "Lets the connection work until TEST gives something; gives up on WHAT after half a minute."
  (let ((end (+ (float-time) 30)) value)
    (while (not (setq value (funcall test)))
      (when (> (float-time) end) (error "waited in vain for %s" what))
      (accept-process-output nil 0.05))
    value))

(defvar repl-output "" "What output events have brought since the last question; a slow command answers in parts.")
(advice-add 'dape--repl-insert :before (lambda (text) (setq repl-output (concat repl-output text))))

(let* ((port (string-to-number (pop command-line-args-left)))
       (vmcore (pop command-line-args-left))
       answers)
  (dape `(host "127.0.0.1" port ,port :type "vmcore" :request "launch" :vmcore ,vmcore :search :json-false))
  (let* ((conn (wait-for "the stop" (lambda () (dape--live-connection 'stopped t))))
         (thread (wait-for "the stopped thread" (lambda () (dape--current-thread conn))))
         frames)
    ;; dape asks for the top frame by itself; a request of ours may cross that one, and then has to be asked again.
    (wait-for "the stack"
              (lambda ()
                (let ((done nil))
                  (dape--stack-trace conn thread 50 (lambda (&rest _) (setq done t)))
                  (while (not done) (accept-process-output nil 0.05))
                  (setq frames (plist-get thread :stackFrames))
                  (> (length frames) 1))))
    (dolist (ask '(("bt" . "repl") ("init_task.comm" . "watch") ("nosuch" . "watch")))
      (let (answer)
        (setq repl-output "")
        (dape--evaluate-expression conn (plist-get (car frames) :id) (car ask) (cdr ask)
                                   (lambda (body failed) (setq answer (list (or failed (plist-get body :result))))))
        (wait-for (car ask) (lambda () answer))
        (push (cons (car ask) (concat repl-output (car answer))) answers)))
    (princ (json-encode `((reason . ,(symbol-name (dape--state conn)))
                          (threads . ,(length (dape--threads conn)))
                          (thread . ,(plist-get thread :name))
                          (frames . ,(vconcat (mapcar (lambda (frame) (plist-get frame :name)) frames)))
                          (answers . ,answers))))
    (dape-quit conn)
    (wait-for "the end" (lambda () (not (dape--live-connection 'parent t))))))
