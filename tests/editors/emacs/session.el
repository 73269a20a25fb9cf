;;; session.el --- What a person does with eglot and no client of ours  -*- lexical-binding: t -*-
;;; Commentary:
;; Connects in the file of the environment variable CODEINTEL_FILE, searches, asks about the best hit, and prints what
;; came back, a line each.
;;; Code:
(require 'eglot)
(require 'json)

(setq eglot-connect-timeout 120
      eglot-sync-connect t
      eglot-autoshutdown nil
      jsonrpc-default-request-timeout 120
      make-backup-files nil
      create-lockfiles nil)

(setq-default eglot-workspace-configuration '(:codeintel (:index (:tier "text"))))

(defun session-say (name value)
  "Print VALUE under NAME."
  (princ (format "%s=%s\n" name value)))

(let ((command (append (json-parse-string (getenv "CODEINTEL_SERVER") :array-type 'list) nil)))
  (add-to-list 'eglot-server-programs (cons 'prog-mode command)))

(find-file (getenv "CODEINTEL_FILE"))
(call-interactively #'eglot)
(let* ((server (eglot-current-server))
       (capabilities (eglot--capabilities server)))
  (session-say "connected" (and server t))
  (session-say "methods" (plist-get (plist-get (plist-get capabilities :experimental) :codeintel) :methods))
  (eglot-execute-command server 'codeintel.server.reindex [])
  (let* ((symbols (append (jsonrpc-request server :workspace/symbol
                                           '(:query "retry with exponential backoff")) nil))
         (best (car symbols))
         (location (plist-get best :location))
         (line (plist-get (plist-get (plist-get location :range) :start) :line)))
    (session-say "hits" (length symbols))
    (session-say "best" (format "%s %s %d" (plist-get best :name) (plist-get best :containerName) line))
    (let ((hover (jsonrpc-request server :textDocument/hover
                                  (list :textDocument (list :uri (plist-get location :uri))
                                        :position (list :line line :character 0)))))
      (session-say "hover" (replace-regexp-in-string "\n" " / " (plist-get (plist-get hover :contents) :value)))))
  (let ((found (jsonrpc-request server :codeintel/whyNot
                                '(:query "lang:sql retry" :symbol "retry_with_backoff"))))
    (session-say "whyNot" (plist-get found :kind)))
  (eglot-shutdown server nil 20))
(kill-emacs 0)
;;; session.el ends here
